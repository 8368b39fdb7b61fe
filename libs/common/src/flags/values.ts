import type { Flag } from './flags.js';

/** A host and a port to listen on or to call. Port 0 asks the system for a free one. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

export function parseAddress(text: string): Address {
  const match = /^(\[[0-9a-fA-F:]+\]|[^:\s]+):(\d{1,5})$/.exec(text);
  const port = Number(match?.[2]);
  if (!match?.[1] || port > 65535) throw new Error(`'${text}' is not HOST:PORT`);
  return { host: match[1].replace(/^\[|\]$/g, ''), port };
}

export function formatAddress({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Milliseconds of a duration as Go and Istio write it: `20s`, `1h30m`, `250ms`, also `90d`. */
export function parseDuration(text: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)];
  if (parts.length === 0 || parts.map((part) => part[0]).join('') !== text) {
    throw new Error(`'${text}' is not a duration such as 20s or 1h30m`);
  }
  return parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * UNITS[unit as keyof typeof UNITS], 0);
}

/** Builders for the usual flags. Without a fallback the flag is required. */
export const flag = {
  text: (help: string, ...fallback: string[]): Flag<string> => build(help, (text) => text, fallback),
  optional: (help: string): Flag<string | undefined> => ({ help, parse: (text) => text, default: undefined }),
  address: (help: string, ...fallback: string[]): Flag<Address> =>
    build(help, parseAddress, fallback.map(parseAddress)),
  optionalAddress: (help: string): Flag<Address | undefined> => ({
    help,
    parse: parseAddress,
    default: undefined,
  }),
  toggle: (help: string): Flag<boolean> => ({ help, parse: parseToggle, default: false, toggle: true }),
  duration: (help: string, ...fallback: string[]): Flag<number> =>
    build(help, parseDuration, fallback.map(parseDuration)),
  list: (help: string, ...fallback: string[]): Flag<readonly string[]> =>
    build(help, splitList, fallback.map(splitList)),
};

function parseToggle(text: string): boolean {
  if (text !== 'true' && text !== 'false') throw new Error(`'${text}' is neither true nor false`);
  return text === 'true';
}

function splitList(text: string): readonly string[] {
  return text.split(',').filter((part) => part !== '');
}

function build<T>(help: string, parse: (text: string) => T, fallback: readonly T[]): Flag<T> {
  return fallback.length > 0 ? { help, parse, default: fallback[0] as T } : { help, parse };
}

/** The flags that every service has. */
export const COMMON_FLAGS = {
  http: flag.address('where /healthz, /readyz, /metrics and /debug are served', '127.0.0.1:15014'),
  nats: flag.text('URL of nats-server', 'nats://127.0.0.1:4222'),
  natsNkey: flag.optional('file with the nkey seed of this service'),
  natsTls: flag.optional(
    'folder with tls.crt, tls.key and ca.crt: TLS to nats-server, and proof of who this is',
  ),
  state: flag.text("folder for this service's state, made with mode 0700"),
  debugTokenFile: flag.optional('file with the token that opens /debug to callers on other hosts'),
  logLevel: flag.text('trace, debug, info, warn, error or fatal', 'info'),
} as const;
