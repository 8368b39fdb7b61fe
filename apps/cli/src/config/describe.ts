import { stringify } from 'yaml';
import { withBus } from '../bus-client.js';
import { proxiesHolding } from '../proxy-status/proxies-holding.js';
import type { ProxyHolding } from '../proxy-status/proxies-holding.js';
import { columns } from '../table.js';
import { describeKey, kindNamed, listConfig } from './galley.js';
import type { ConfigDescription } from './galley.js';

export interface DescribeOptions {
  readonly kind: string;
  readonly name: string;
  readonly namespace: string;
  readonly state: string;
  readonly json: boolean;
}

interface Found {
  readonly sources: readonly ConfigDescription[];
  readonly proxies: readonly ProxyHolding[];
}

/** Prints all of a resource; exit code 1 where there is none, or it is not accepted, or Envoy refuses it. */
export async function describeConfig(options: DescribeOptions): Promise<number> {
  const { kind, name, namespace, state, json } = options;
  const { sources, proxies } = await withBus(state, async (connection): Promise<Found> => {
    const entries = await listConfig(connection, { kind: kindNamed(kind), name, namespace });
    const keys = [...new Set(entries.map(({ key }) => key))];
    const described = await Promise.all(keys.map(async (key) => describeKey(connection, key)));
    return { sources: described.flat(), proxies: (await proxiesHolding(connection)).flat() };
  });
  if (sources.length === 0) {
    process.stderr.write(`quartet config describe: there is no ${kindNamed(kind)} ${namespace}/${name}\n`);
    return 1;
  }
  const views = sources.map((source) => ({ ...source, proxies: proxiesOf(source, proxies) }));
  const refusals = refusalsOf(sources[0]!.key, proxies);
  if (json) process.stdout.write(`${JSON.stringify({ sources: views, refusals }, null, 2)}\n`);
  else process.stdout.write(`${[...views.map(asText), ...refusals].join('\n')}\n`);
  return sources.every(({ outcome }) => outcome !== 'invalid') && refusals.length === 0 ? 0 : 1;
}

interface HeldBy {
  readonly proxy: string;
  readonly pilot: string;
  readonly holds: boolean;
  /** The newest revision that it holds whole. */
  readonly revision: number;
}

function proxiesOf(
  { inForce, revision: wanted }: ConfigDescription,
  proxies: readonly ProxyHolding[],
): HeldBy[] {
  if (!inForce) return [];
  return proxies
    .map(({ proxy, pilot, revision }) => ({ proxy, pilot, holds: revision >= wanted, revision }))
    .sort((left, right) => left.proxy.localeCompare(right.proxy));
}

/** Every proxy of a Pilot comes with all that this Pilot withdrew. */
function refusalsOf(key: string, proxies: readonly ProxyHolding[]): string[] {
  const words = proxies.flatMap(({ withdrawn }) =>
    withdrawn
      .filter(({ config }) => config === key)
      .map(({ type, name, proxy, message, inForce }) => {
        const by = proxy === undefined ? "a rule of Envoy's API" : proxy;
        return `refused: ${type} '${name}' by ${by}: ${message}; in force is ${inForce === 'nothing' ? 'nothing' : `its ${inForce}`}`;
      }),
  );
  return [...new Set(words)];
}

function asText(view: ConfigDescription & { readonly proxies: readonly HeldBy[] }): string {
  const { kind, namespace, name, source, outcome, inForce, reason, revision, messages, spec, proxies } = view;
  const holding = proxies.filter(({ holds }) => holds).length;
  return [
    `${kind} ${namespace}/${name}  (${source})`,
    `accepted: ${outcome === 'accepted' ? 'yes' : outcome}${reason === undefined ? '' : `, ${reason}`}`,
    `in force: ${inForce ? `yes, revision ${revision}` : 'no'}`,
    ...messages.map(
      ({ level, code, path, message }) =>
        `${level.toLowerCase()}: ${path === '' ? '' : `${path}: `}${message} [${code}]`,
    ),
    ...(inForce ? [`proxies: ${holding} of ${proxies.length} hold it`] : []),
    ...columns(
      proxies.map(({ proxy, pilot, holds, revision: held }) => [
        '',
        proxy.split('~')[2] ?? proxy,
        pilot,
        holds ? 'holds it' : `holds revision ${held}`,
      ]),
    ),
    ...(spec === undefined ? [] : ['spec:', indented(stringify(spec))]),
  ].join('\n');
}

function indented(text: string): string {
  return text.trimEnd().replace(/^/gm, '  ');
}
