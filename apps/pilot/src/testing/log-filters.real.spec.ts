import { describe, expect, it } from '@jest/globals';
import { envoyAccepts } from '#common/testing';
import { readSpec, findKind } from '#config';

/** Whether the real Envoy takes the expressions that Telemetry may say, and refuses those that it may not. */
const GOOD = [
  'response.code >= 400',
  'response.code >= 400 && request.url_path.startsWith("/api")',
  "request.headers['x-debug'] == 'on' || !has(request.headers.cookie)",
  "request.method in ['GET', 'HEAD'] ? true : false",
  '[1, 2].size() == 2 && "a".contains("b") && "a".endsWith("b") && request.path.matches("^/a")',
  '-1 < size({"a": 1, "b": 2}) && size("abc") == 3',
  'int("1") == 1 && uint(1) == 1u && double("1.5") > 0.1 && bytes("a") == b"a"',
  'request.duration > duration("100ms") && timestamp("2026-01-01T00:00:00Z") < request.time',
  'request.time.getFullYear() == 2026 && request.time.getHours() > 0 && request.time.getMonth() == 1',
  'request.time.getDate() == 1 && request.time.getDayOfWeek() == 1 && request.time.getDayOfYear() == 1',
  'request.time.getMinutes() == 1 && request.time.getSeconds() == 1 && request.time.getMilliseconds() == 1',
  'dyn(1) == 1 && type(1) == int && bool("true")',
  "r'\\d' != 'a'",
  'connection.mtls == false // a comment',
];

const BAD = [
  'string(1) == "1"',
  'request.headers.exists(name, name == "a")',
  '[1].all(x, x > 0)',
  'response.code >=',
  '(a',
  'a b',
  'a == "b',
  'nonsense(a)',
  'a.toUpper() == "A"',
  'a = b',
  'a ? b',
  'a.',
  '#',
];

function listener(expression: string, index: number): object {
  const type = (name: string) => `type.googleapis.com/envoy.extensions.${name}`;
  const filter = {
    extension_filter: {
      name: 'envoy.access_loggers.extension_filters.cel',
      typed_config: { '@type': type('access_loggers.filters.cel.v3.ExpressionFilter'), expression },
    },
  };
  const stdout = { '@type': type('access_loggers.stream.v3.StdoutAccessLog') };
  const proxy = { '@type': type('filters.network.tcp_proxy.v3.TcpProxy'), stat_prefix: 'a', cluster: 'a' };
  return {
    name: `l${index}`,
    address: { socket_address: { address: '127.0.0.1', port_value: 20_000 + index } },
    access_log: [{ name: 'envoy.access_loggers.stdout', filter, typed_config: stdout }],
    filter_chains: [{ filters: [{ name: 'envoy.filters.network.tcp_proxy', typed_config: proxy }] }],
  };
}

async function accepted(...expressions: string[]): Promise<boolean> {
  const clusters = [{ name: 'a', type: 'STATIC', load_assignment: { cluster_name: 'a' } }];
  const result = await envoyAccepts({ static_resources: { listeners: expressions.map(listener), clusters } });
  return result.accepted;
}

function isValid(expression: string): boolean {
  const kind = findKind('telemetry.istio.io', 'Telemetry');
  if (!kind) throw new Error('there is no such kind');
  return readSpec(kind, { accessLogging: [{ filter: { expression } }] }, ['spec']).valid;
}

describe('a log filter', () => {
  it('that may be said is one that Envoy takes', async () => {
    expect(GOOD.filter((expression) => !isValid(expression))).toEqual([]);
    expect(await accepted(...GOOD)).toBe(true);
  }, 60_000);

  it.each(BAD)('%s is refused by both', async (expression) => {
    expect(isValid(expression)).toBe(false);
    expect(await accepted(expression)).toBe(false);
  });
});
