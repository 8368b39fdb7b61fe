import { stringify } from 'yaml';
import { columns } from '../table.js';
import { clusters } from './clusters.js';
import { sections } from './dump.js';
import { liveEndpoints, sentEndpoints } from './endpoints.js';
import { listeners } from './listeners.js';
import type { Filter, Listing } from './listing.js';
import { routes } from './routes.js';
import { secrets } from './secrets.js';
import { readClusters, readDump, type SourceOptions } from './source.js';

export type ProxyConfigType = 'listener' | 'route' | 'cluster' | 'endpoint' | 'secret' | 'bootstrap';

export interface ProxyConfigOptions extends SourceOptions {
  readonly type: ProxyConfigType;
  readonly output: 'short' | 'json' | 'yaml';
  readonly filter: Filter;
}

/** Prints one type of what a proxy holds. Exit code 1 where nothing matches. */
export async function proxyConfig(options: ProxyConfigOptions): Promise<number> {
  const { header, rows, items } = await listing(options);
  if (options.output === 'json') process.stdout.write(`${JSON.stringify(items, null, 2)}\n`);
  else if (options.output === 'yaml') process.stdout.write(stringify(items));
  else process.stdout.write(`${columns([header, ...rows]).join('\n')}\n`);
  return items.length > 0 ? 0 : 1;
}

async function listing(options: ProxyConfigOptions): Promise<Listing> {
  const { type, filter } = options;
  if (type === 'endpoint') {
    const live = await readClusters(options);
    if (live !== undefined) return liveEndpoints(live, filter);
  }
  const dump = await readDump(options);
  switch (type) {
    case 'listener':
      return listeners(dump, filter);
    case 'route':
      return routes(dump, filter);
    case 'cluster':
      return clusters(dump, filter);
    case 'endpoint':
      return sentEndpoints(dump, filter);
    case 'secret':
      return secrets(dump, filter, Date.now());
    case 'bootstrap': {
      const items = sections(dump, 'BootstrapConfigDump');
      if (items.length === 0) throw new Error('only Envoy knows its bootstrap: use --admin HOST:PORT');
      return { header: ['BOOTSTRAP'], rows: items.map((item) => [JSON.stringify(item, null, 2)]), items };
    }
  }
}
