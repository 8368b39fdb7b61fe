/**
 * Simulated proxies in a process of their own, so that their CPU time is not Pilot's. Driven over IPC: see LoadCommand.
 */
import { SimulatedProxy, type Traffic } from './simulated-proxy.js';

export type LoadCommand =
  | { readonly kind: 'connect'; readonly address: string; readonly proxies: number }
  /** Look for this text in what comes; answered when every proxy has seen it. */
  | { readonly kind: 'watch'; readonly mark: string };

export type LoadReply =
  | { readonly kind: 'connected'; readonly traffic: Traffic }
  | { readonly kind: 'watching' }
  /** Nanoseconds of the system's monotonic clock, per proxy; and what was received since `watch`. */
  | { readonly kind: 'seen'; readonly times: readonly string[]; readonly traffic: Traffic };

const traffic: Traffic = { bytes: 0, messages: 0 };
let proxies: readonly SimulatedProxy[] = [];

process.on('message', (command: LoadCommand) => {
  void (command.kind === 'connect' ? connect(command.address, command.proxies) : watch(command.mark));
});
process.on('disconnect', () => process.exit(0));

async function connect(address: string, count: number): Promise<void> {
  proxies = Array.from({ length: count }, (_, index) => new SimulatedProxy(address, index, traffic));
  for (const proxy of proxies) proxy.connect();
  await Promise.all(proxies.map(({ ready }) => ready));
  reply({ kind: 'connected', traffic });
}

async function watch(mark: string): Promise<void> {
  const before = { ...traffic };
  const seen = proxies.map(
    (proxy) =>
      new Promise<string>((resolve) => {
        proxy.mark = Buffer.from(mark);
        proxy.onMark = () => resolve(String(process.hrtime.bigint()));
      }),
  );
  reply({ kind: 'watching' });
  const times = await Promise.all(seen);
  const { bytes, messages } = traffic;
  reply({
    kind: 'seen',
    times,
    traffic: { bytes: bytes - before.bytes, messages: messages - before.messages },
  });
}

function reply(message: LoadReply): void {
  process.send?.(message);
}
