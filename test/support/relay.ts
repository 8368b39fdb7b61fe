import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/**
 * Stands between a proxy and its Pilots, so that a test says which of them the proxy reaches, and when none. Nothing
 * is read from what passes.
 */
export class Relay {
  private readonly pairs = new Set<readonly [Socket, Socket]>();

  private constructor(
    private readonly server: Server,
    /** Where connections lead, `HOST:PORT`; undefined refuses them. */
    private target: string | undefined,
  ) {
    server.on('connection', (socket) => this.join(socket));
  }

  static async start(target?: string): Promise<Relay> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new Relay(server, target);
  }

  get address(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  get leadsTo(): string | undefined {
    return this.target;
  }

  /** Cuts what is connected; who connects again gets there. */
  leadTo(target: string | undefined): void {
    this.target = target;
    for (const pair of this.pairs) for (const socket of pair) socket.destroy();
  }

  /** Nothing passes to the proxy until `resume`; the connections stay. */
  stall(): void {
    for (const [, pilot] of this.pairs) pilot.pause();
  }

  resume(): void {
    for (const [, pilot] of this.pairs) pilot.resume();
  }

  close(): void {
    this.leadTo(undefined);
    this.server.close();
  }

  private join(proxy: Socket): void {
    if (this.target === undefined) return void proxy.destroy();
    const [host, port] = this.target.split(':');
    const pilot = connect(Number(port), host!);
    const pair = [proxy, pilot] as const;
    this.pairs.add(pair);
    proxy.pipe(pilot).pipe(proxy);
    const end = (): void => {
      this.pairs.delete(pair);
      for (const socket of pair) socket.destroy();
    };
    for (const socket of pair) {
      socket.setNoDelay(true);
      socket.on('error', end).on('close', end);
    }
  }
}
