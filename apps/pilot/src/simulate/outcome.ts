import type { Endpoint } from './cluster.js';
import type { HeaderChanges } from './header-changes.js';

/** The listener and filter chain that a connection came to. */
export interface Way {
  readonly listener: string;
  /** Its name, or its place in the listener. */
  readonly filterChain: string;
  /** The proxy ends the caller's TLS; `mutual` where it asks for a certificate. */
  readonly endsTls?: 'simple' | 'mutual';
  /** Filters between the connection and its end that may refuse it: nothing is said about them here. */
  readonly guards: readonly string[];
}

/** What becomes of a call. */
export type Outcome =
  /** Nobody listens there. */
  | { readonly kind: 'refused' }
  /** The listener has no filter chain for such a connection, or the chain cannot speak to it. */
  | { readonly kind: 'closed'; readonly listener: string; readonly why: string }
  | (Way & { readonly kind: 'tcp'; readonly targets: readonly Target[] })
  | (Way & HttpOutcome);

/** Where a request or a connection goes, with the share of calls out of the sum of all weights. */
export interface Target {
  readonly cluster: string;
  readonly weight: number;
  /** Undefined for a cluster that the proxy does not have. */
  readonly endpoints: readonly Endpoint[] | undefined;
}

export interface HttpOutcome {
  readonly kind: 'http';
  readonly routeConfiguration: string;
  readonly virtualHost?: string;
  readonly route?: string;
  /** The resource that the route was made from. */
  readonly config?: string;
  readonly fault?: Fault;
  readonly action: HttpAction;
}

export type HttpAction =
  /** No virtual host, or no route of it, takes the request: 404. */
  | { readonly kind: 'none' }
  | {
      readonly kind: 'redirect';
      readonly status: number;
      readonly location: string;
      readonly headers: HeaderChanges;
    }
  | {
      readonly kind: 'direct';
      readonly status: number;
      readonly body: string;
      readonly headers: HeaderChanges;
    }
  /** The CORS filter answers a preflight itself. */
  | { readonly kind: 'preflight'; readonly headers: Readonly<Record<string, string>> }
  | Forward;

export interface Forward {
  readonly kind: 'forward';
  readonly targets: readonly ForwardTarget[];
  /** 0 for none. */
  readonly timeoutMs: number;
  readonly retry?: Retry;
  readonly mirrors: readonly Mirror[];
  /** What is hashed to choose an endpoint; `value` is undefined where the request lacks it. */
  readonly hash: readonly { readonly by: string; readonly value: string | undefined }[];
  /** What the CORS filter adds to the answer. */
  readonly cors: Readonly<Record<string, string>>;
}

export interface Mirror {
  readonly cluster: string;
  readonly percent: number;
  readonly endpoints: readonly Endpoint[] | undefined;
}

export interface ForwardTarget extends Target {
  readonly path: string;
  readonly authority: string;
  readonly request: HeaderChanges;
  readonly response: HeaderChanges;
}

export interface Retry {
  readonly on: readonly string[];
  readonly statusCodes: readonly number[];
  readonly attempts: number;
  readonly perTryTimeoutMs?: number;
  readonly backoffMs?: number;
  /** A retry avoids the endpoints that have failed already. */
  readonly otherEndpoints: boolean;
  readonly otherLocalities: boolean;
}

export interface Fault {
  readonly delay?: { readonly ms: number; readonly percent: number };
  readonly abort?: { readonly percent: number; readonly httpStatus?: number; readonly grpcStatus?: number };
}
