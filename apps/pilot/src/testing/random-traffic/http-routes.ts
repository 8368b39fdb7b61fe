import fc from 'fast-check';
import type {
  CorsPolicy,
  Destination,
  HTTPMatchRequest,
  HTTPRoute,
  HTTPRouteDestination,
  HeaderOperations,
  Headers,
} from '#config';
import type { PlaceWords } from './places.js';
import {
  CONDITION_HEADERS,
  METHODS,
  ORIGINS,
  PATHS,
  PATH_PATTERNS,
  QUERY_NAMES,
  ROUTE_HEADERS,
  TARGET_HEADERS,
  VALUES,
  VALUE_PATTERNS,
  condition,
} from './vocabulary.js';

/** A record of members, each of which is there one time in `oneIn`. */
function some<T extends object>(
  members: { [K in keyof T]: fc.Arbitrary<T[K]> },
  oneIn: number,
): fc.Arbitrary<Partial<T>> {
  const dice = fc.array(fc.nat(oneIn - 1), { minLength: 20, maxLength: 20 });
  return fc.tuple(fc.record(members), dice).map(([made, thrown]) => {
    const there = Object.entries(made).filter((_entry, index) => thrown[index] === 0);
    return Object.fromEntries(there) as Partial<T>;
  });
}

const values = condition(VALUES, VALUE_PATTERNS);
const value = fc.oneof({ weight: 4, arbitrary: values }, { weight: 1, arbitrary: fc.constant({}) });
const pattern = (regex: string) => fc.constant({ regex });
const keyed = <T>(names: readonly string[], member: fc.Arbitrary<T>): fc.Arbitrary<Record<string, T>> =>
  fc.dictionary(fc.constantFrom(...names), member, { minKeys: 1, maxKeys: 2 });

export function matchOf({
  authorities: hosts,
  authorityPattern,
  gateways: [own, other],
}: PlaceWords): fc.Arbitrary<HTTPMatchRequest> {
  const http = fc.oneof(
    fc.constant({ exact: 'http' }),
    fc.constant({ exact: 'https' }),
    fc.constant({ prefix: 'htt' }),
    pattern('https?'),
  );
  const authority = fc.oneof(
    fc.constantFrom(...hosts).map((exact) => ({ exact })),
    fc.constantFrom(...hosts).map((host) => ({ prefix: host.slice(0, 3) })),
    pattern(authorityPattern),
  );
  const method = fc.oneof(
    fc.constantFrom(...METHODS).map((exact) => ({ exact })),
    fc.constant({ prefix: 'P' }),
    pattern('GET|PUT'),
  );
  const conditions = some<Required<HTTPMatchRequest>>(
    {
      name: fc.constantFrom('one', 'two'),
      uri: condition(PATHS, PATH_PATTERNS),
      scheme: http,
      method,
      authority,
      headers: keyed(CONDITION_HEADERS, value),
      withoutHeaders: keyed(CONDITION_HEADERS, value),
      queryParams: keyed(QUERY_NAMES, values),
      port: fc.constantFrom(80, 8080),
      sourceLabels: fc.constantFrom<Record<string, string>>(
        { app: 'client' },
        { app: 'client' },
        { app: 'other' },
      ),
      sourceNamespace: fc.constantFrom('default', 'default', 'other'),
      gateways: fc.constantFrom([own], [own, other], [other]),
      ignoreUriCase: fc.constant(true),
      statPrefix: fc.constant('stats'),
    },
    4,
  );
  const path = condition(PATHS, PATH_PATTERNS);
  return fc
    .tuple(conditions, path, fc.nat(2))
    .map(([match, uri, dice]) => (dice > 0 ? { ...match, uri } : match));
}

function operations(names: readonly string[]): fc.Arbitrary<HeaderOperations> {
  const set = fc.dictionary(fc.constantFrom(...names), fc.constantFrom('set', 'new'), {
    minKeys: 1,
    maxKeys: 1,
  });
  return some<Required<HeaderOperations>>(
    { set, add: set, remove: fc.subarray([...names], { minLength: 1, maxLength: 1 }) },
    2,
  );
}

function headers(names: readonly string[]) {
  const response = names.map((name) => name.replace('x-', 'x-r-'));
  const authority = fc.tuple(operations(names), fc.nat(5)).map(([changes, dice]) => {
    return dice === 0 ? { ...changes, set: { ...changes.set, host: 'set.example.com' } } : changes;
  });
  return some<Required<NonNullable<HTTPRoute['headers']>>>(
    { request: authority, response: operations(response) },
    2,
  );
}

const percentage = fc.constantFrom({ value: 100 }, { value: 100 }, { value: 0 }, { value: 50 });

function faults(): fc.Arbitrary<NonNullable<HTTPRoute['fault']>> {
  const delay = fc.oneof(
    fc.record({ fixedDelay: fc.constantFrom('20ms', '0.03s'), percentage }),
    fc.record({ fixedDelay: fc.constant('10ms'), percent: fc.constantFrom(0, 100) }),
  );
  const abort = fc.oneof(
    fc.record({ httpStatus: fc.constantFrom(555, 418, 503), percentage }),
    fc.record({ grpcStatus: fc.constantFrom('UNAVAILABLE', 'NOT_FOUND', 'PERMISSION_DENIED'), percentage }),
  );
  return fc.oneof(fc.record({ delay }), fc.record({ abort }), fc.record({ delay, abort }));
}

const retries = fc.oneof(
  fc.record(
    {
      attempts: fc.constantFrom(1, 2, 3),
      perTryTimeout: fc.constantFrom('5s', '4500ms'),
      retryOn: fc.constantFrom(
        '5xx',
        'gateway-error',
        '503,418',
        'connect-failure',
        'retriable-status-codes,500',
      ),
      retryRemoteLocalities: fc.boolean(),
      retryIgnorePreviousHosts: fc.boolean(),
      backoff: fc.constantFrom('1ms', '2ms'),
    },
    { requiredKeys: ['attempts', 'backoff'] },
  ),
  fc.constant({ attempts: 0 }),
);

const corsPolicy: fc.Arbitrary<CorsPolicy> = fc
  .tuple(
    fc.oneof(
      fc.record({
        allowOrigins: fc.uniqueArray(condition(ORIGINS, new Map([['https://.*[.]example', 0]])), {
          minLength: 1,
          maxLength: 2,
        }),
      }),
      fc.record({ allowOrigin: fc.constantFrom<string[][]>(['*'], [ORIGINS[0]]) }),
    ),
    some<Omit<CorsPolicy, 'allowOrigin' | 'allowOrigins'>>(
      {
        allowMethods: fc.constantFrom(['GET'], ['PUT', 'POST']),
        allowHeaders: fc.constant(['x-one', 'x-two']),
        exposeHeaders: fc.constant(['x-three']),
        maxAge: fc.constantFrom('60s', '1h'),
        allowCredentials: fc.boolean(),
        unmatchedPreflights: fc.constantFrom('FORWARD', 'IGNORE', 'UNSPECIFIED') as fc.Arbitrary<
          'FORWARD' | 'IGNORE' | 'UNSPECIFIED'
        >,
      },
      2,
    ),
  )
  .map(([origins, rest]) => ({ ...origins, ...rest }));

function targets(destination: fc.Arbitrary<Destination>): fc.Arbitrary<HTTPRouteDestination[]> {
  const own = fc.option(headers(TARGET_HEADERS), { nil: undefined, freq: 2 });
  const one = fc.record({ destination, headers: own }, { requiredKeys: ['destination'] });
  const weighted = fc.record(
    { destination, headers: own, weight: fc.constantFrom(0, 10, 30, 60) },
    { requiredKeys: ['destination', 'weight'] },
  );
  const several = fc
    .array(weighted, { minLength: 2, maxLength: 3 })
    .filter((made) => made.some(({ weight }) => weight > 0));
  return fc
    .oneof(
      one.map((target) => [target]),
      several,
    )
    .map((made) => made.map((target) => withoutUndefined(target)));
}

function withoutUndefined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as T;
}

const redirect = fc
  .tuple(
    fc.oneof(
      fc.record({ uri: fc.constantFrom('/new', '/new?fixed') }),
      fc.record({ prefixRewrite: fc.constantFrom('/other', '/x/') }),
      fc.constant({}),
    ),
    fc.oneof(
      fc.record({ port: fc.constantFrom(80, 443, 8443) }),
      fc.record({
        derivePort: fc.constantFrom('FROM_PROTOCOL_DEFAULT' as const, 'FROM_REQUEST_PORT' as const),
      }),
      fc.constant({}),
    ),
    some(
      {
        authority: fc.constantFrom('new.example.com', 'new'),
        scheme: fc.constantFrom('http', 'https'),
        redirectCode: fc.constantFrom(301, 302, 303, 307, 308),
      },
      2,
    ),
  )
  .map(([path, port, rest]) => ({ ...path, ...port, ...rest }))
  .map((made) =>
    Object.keys(made).some((name) => name !== 'redirectCode') ? made : { ...made, uri: '/new' },
  );

const directResponse = fc.record(
  {
    status: fc.constantFrom(200, 403, 503),
    body: fc.oneof(
      fc.constant({ string: 'said so' }),
      fc.constant({ bytes: Buffer.from('bytes').toString('base64') }),
    ),
  },
  { requiredKeys: ['status'] },
);

const rewrite = fc.oneof(
  fc.record(
    { uri: fc.constantFrom('/', '/re', '/re/written/'), authority: fc.constant('re.example.com') },
    { requiredKeys: ['uri'] },
  ),
  fc.record({ authority: fc.constant('re.example.com') }),
  fc.constant({ uriRegexRewrite: { match: '^/(.)([^/]*)', rewrite: '/\\2-\\1' } }),
);

function forwards(destination: fc.Arbitrary<Destination>): fc.Arbitrary<HTTPRoute> {
  const copies = fc.oneof(
    fc.record({ mirror: destination }),
    fc.record({ mirror: destination, mirrorPercentage: percentage }),
    fc.record({ mirror: destination, mirrorPercent: fc.constantFrom(0, 100) }),
    fc.record({
      mirrors: fc.array(fc.record({ destination, percentage }, { requiredKeys: ['destination'] }), {
        minLength: 1,
        maxLength: 2,
      }),
    }),
    fc.constant({}),
    fc.constant({}),
    fc.constant({}),
  );
  const rest = some<Partial<HTTPRoute>>(
    {
      rewrite,
      timeout: fc.constantFrom('5s', '7.5s', '0s'),
      retries,
      fault: faults(),
      corsPolicy,
      headers: headers(ROUTE_HEADERS),
    },
    4,
  );
  return fc
    .tuple(targets(destination), copies, rest)
    .map(([route, mirrored, more]) => oneAuthority({ route, ...mirrored, ...more }));
}

/** The authority can be changed in one place only: by a rewrite, by the route's headers or by a target's. */
function oneAuthority(made: HTTPRoute): HTTPRoute {
  const free = !made.rewrite?.authority;
  const ofRoute = free && made.headers?.request?.set?.['host'] !== undefined;
  const route = (made.route ?? []).map((target) => (free && !ofRoute ? target : withoutHost(target)));
  return { ...(free ? made : withoutHost(made)), route };
}

function withoutHost<T extends { headers?: Headers }>(holder: T): T {
  const set = holder.headers?.request?.set;
  if (set?.['host'] === undefined) return holder;
  const { host: _, ...rest } = set;
  return { ...holder, headers: { ...holder.headers, request: { ...holder.headers?.request, set: rest } } };
}

/** A route without conditions. */
export function actionOf(destination: fc.Arbitrary<Destination>): fc.Arbitrary<HTTPRoute> {
  const name = fc.option(fc.constantFrom('first', 'second'), { nil: undefined });
  const own = fc.option(headers(ROUTE_HEADERS), { nil: undefined });
  const action = fc.oneof(
    { weight: 7, arbitrary: forwards(destination) },
    { weight: 2, arbitrary: fc.record({ redirect, headers: own }) },
    { weight: 1, arbitrary: fc.record({ directResponse, headers: own }) },
  );
  return fc
    .tuple(name, action)
    .map(
      ([given, made]) =>
        withoutUndefined({ ...withoutUndefined(made as HTTPRoute), name: given }) as HTTPRoute,
    );
}
