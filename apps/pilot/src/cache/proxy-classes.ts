import type { Proxy } from '../model/proxy.js';
import type { ProxyReads } from './proxy-reads.js';
import type { ProxyClass } from './scope.js';

/** Classes without a connection that are kept for a proxy that comes back; the longest unused goes first. */
const IDLE_LIMIT = 32;

/** The classes of the connected proxies, and a few that have just left. */
export class ProxyClasses {
  private readonly byName = new Map<string, ProxyClass>();
  private readonly idle = new Set<ProxyClass>();

  constructor(
    private readonly reads: ProxyReads,
    private readonly forget: (proxyClass: ProxyClass) => void,
  ) {}

  get size(): number {
    return this.byName.size;
  }

  acquire(proxy: Proxy): ProxyClass {
    let found = this.byName.get(proxy.className);
    if (!found) this.byName.set(proxy.className, (found = this.create(proxy)));
    this.idle.delete(found);
    found.connections++;
    return found;
  }

  release(proxyClass: ProxyClass): void {
    if (--proxyClass.connections > 0) return;
    this.idle.add(proxyClass);
    if (this.idle.size <= IDLE_LIMIT) return;
    const [oldest] = this.idle;
    this.idle.delete(oldest!);
    this.byName.delete(oldest!.className);
    this.forget(oldest!);
  }

  private create(proxy: Proxy): ProxyClass {
    const recording = this.reads.recording(proxy);
    return { className: proxy.className, proxy, recording, scopes: new Map(), connections: 0 };
  }
}
