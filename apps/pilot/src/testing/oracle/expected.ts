/** What Istio's documentation promises of a request, in Istio's words: nothing of Envoy's in here. */
export interface Expected {
  /** A route with a condition took it. */
  readonly specific: boolean;
  /** The parts of config that decided, to count what has been tried. */
  readonly used: readonly Used[];
  readonly fault?: ExpectedFault;
  readonly answer: ExpectedAnswer;
}

/** A spec of this kind with nothing but what counted. */
export interface Used {
  readonly kind: 'VirtualService' | 'DestinationRule' | 'Gateway';
  readonly part: object;
}

export interface ExpectedFault {
  readonly delay?: { readonly ms: number; readonly percent: number };
  readonly abort?: { readonly percent: number; readonly httpStatus?: number; readonly grpcStatus?: number };
}

export type Headers = Readonly<Record<string, string>>;

export type ExpectedAnswer =
  /** No service and no VirtualService has the host, and the mesh allows no others. */
  | { readonly kind: 'blocked' }
  | { readonly kind: 'none' }
  | {
      readonly kind: 'redirect';
      readonly status: number;
      readonly location: string;
      readonly headers: Headers;
    }
  | { readonly kind: 'direct'; readonly status: number; readonly body: string; readonly headers: Headers }
  | { readonly kind: 'preflight'; readonly headers: Headers }
  | ExpectedForward;

export interface ExpectedForward {
  readonly kind: 'forward';
  readonly destinations: readonly ExpectedDestination[];
  readonly path: string;
  readonly timeoutMs: number;
  readonly retry?: ExpectedRetry;
  readonly mirrors: readonly ExpectedMirror[];
  readonly hash: readonly { readonly by: string; readonly value: string | undefined }[];
  readonly cors: Headers;
}

export interface ExpectedMirror {
  readonly destination: string;
  readonly percent: number;
  readonly endpoints: readonly string[] | undefined;
}

export interface ExpectedDestination {
  /** `host:port` and a subset: `a.default.svc.cluster.local:80/v1`. */
  readonly destination: string;
  readonly weight: number;
  readonly authority: string;
  /** `address:port` of all; undefined for a host or subset that there is not. */
  readonly endpoints: readonly string[] | undefined;
  /** The test's own headers, as the server sees them and as the client does. */
  readonly request: Headers;
  readonly response: Headers;
  readonly policy: ExpectedPolicy | undefined;
}

/** What the client's proxy keeps to towards a destination. */
export interface ExpectedPolicy {
  readonly balancing: string;
  readonly connectTimeoutMs: number;
  readonly limits: Readonly<Record<string, number>>;
  readonly outlier: Readonly<Record<string, number>> | undefined;
}

export interface ExpectedRetry {
  readonly on: readonly string[];
  readonly statusCodes: readonly number[];
  readonly attempts: number;
  readonly perTryTimeoutMs?: number;
  readonly backoffMs?: number;
  readonly otherEndpoints: boolean;
  readonly otherLocalities: boolean;
}

/** A request of the tests. */
export interface TestRequest {
  readonly method: string;
  readonly authority: string;
  readonly path: string;
  readonly headers: Headers;
  /** The port that the client connects to. */
  readonly port: number;
}

export interface Caller {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  /** The gateways by whose names its requests come in: `mesh` where nothing is said. */
  readonly gateways?: readonly string[];
}
