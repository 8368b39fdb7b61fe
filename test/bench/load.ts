/**
 * Simulated proxies in a process of their own, so that their CPU time is not Pilot's. Driven over IPC: see LoadCommand.
 */
import { SimulatedProxy, type Traffic } from './simulated-proxy.js';

export type LoadCommand =
  | { readonly kind: 'connect'; readonly address: string; readonly proxies: number }
  /** Look for this text in what comes; answered when every proxy (of the namespace, if any) has seen it. */
  | {
      readonly kind: 'watch';
      readonly typeUrl: string;
      readonly mark: string;
      readonly namespace?: string | undefined;
    };

export type LoadReply =
  | { readonly kind: 'connected'; readonly traffic: Traffic }
  | { readonly kind: 'watching' }
  /** Nanoseconds of the system's monotonic clock, per proxy; and what was received since `watch`. */
  | { readonly kind: 'seen'; readonly times: readonly string[]; readonly traffic: Traffic }
  /** A proxy was cut off. */
  | { readonly kind: 'lost'; readonly reason: string };

const traffic: Traffic = { bytes: 0, messages: 0 };
let proxies: readonly SimulatedProxy[] = [];

process.on('message', (command: LoadCommand) => {
  void (command.kind === 'connect' ? connect(command.address, command.proxies) : watch(command));
});
process.on('disconnect', () => process.exit(0));

async function connect(address: string, count: number): Promise<void> {
  const lost = (error: Error): void => reply({ kind: 'lost', reason: error.message });
  proxies = Array.from({ length: count }, (_, index) => new SimulatedProxy(address, index, traffic));
  for (const proxy of proxies) proxy.connect(lost);
  await Promise.all(proxies.map(({ ready }) => ready));
  reply({ kind: 'connected', traffic });
}

async function watch({ typeUrl, mark, namespace }: LoadCommand & { kind: 'watch' }): Promise<void> {
  const before = { ...traffic };
  const watching = proxies.filter((proxy) => namespace === undefined || proxy.namespace === namespace);
  const seen = watching.map(
    (proxy) =>
      new Promise<string>((resolve) => {
        const found = (): void => resolve(String(process.hrtime.bigint()));
        proxy.watched = { typeUrl, mark: Buffer.from(mark), found };
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
