import { expect } from '@jest/globals';
import type { Proof } from './proof.js';
import type { TrioOptions } from './trio.js';
import { routes, service } from './trio.js';

export const APP = 'app.default.svc.cluster.local';
const direct = (host: string): string => routes(host, `[{route: [{destination: {host: ${host}}}]}]`);

/** Denies `/denied`, allows one `/limited`, counts everything. */
const MIXER = `
apiVersion: config.istio.io/v1alpha2
kind: rule
metadata: {name: deny, namespace: istio-system}
spec: {match: request.path == "/denied", actions: [{handler: denyall, instances: [nothing]}]}
---
apiVersion: config.istio.io/v1alpha2
kind: handler
metadata: {name: denyall, namespace: istio-system}
spec: {compiledAdapter: denier, params: {status: {code: 7, message: Not allowed}}}
---
apiVersion: config.istio.io/v1alpha2
kind: instance
metadata: {name: nothing, namespace: istio-system}
spec: {compiledTemplate: checknothing}
---
apiVersion: config.istio.io/v1alpha2
kind: rule
metadata: {name: quota, namespace: istio-system}
spec: {actions: [{handler: counter, instances: [requests]}]}
---
apiVersion: config.istio.io/v1alpha2
kind: handler
metadata: {name: counter, namespace: istio-system}
spec:
  compiledAdapter: memquota
  params: {quotas: [{name: requests.instance.istio-system, maxAmount: 1, validDuration: 3600s}]}
---
apiVersion: config.istio.io/v1alpha2
kind: instance
metadata: {name: requests, namespace: istio-system}
spec: {compiledTemplate: quota, params: {dimensions: {path: request.path}}}
---
apiVersion: config.istio.io/v1alpha2
kind: QuotaSpec
metadata: {name: requests, namespace: istio-system}
spec: {rules: [{match: [{clause: {request.path: {prefix: /limited}}}], quotas: [{quota: requests}]}]}
---
apiVersion: config.istio.io/v1alpha2
kind: QuotaSpecBinding
metadata: {name: requests, namespace: istio-system}
spec:
  services: [{name: app, namespace: default}]
  quotaSpecs: [{name: requests, namespace: istio-system}]
---
apiVersion: config.istio.io/v1alpha2
kind: rule
metadata: {name: count, namespace: istio-system}
spec: {actions: [{handler: output, instances: [line]}]}
---
apiVersion: config.istio.io/v1alpha2
kind: handler
metadata: {name: output, namespace: istio-system}
spec: {compiledAdapter: stdio, params: {outputAsJson: true}}
---
apiVersion: config.istio.io/v1alpha2
kind: instance
metadata: {name: line, namespace: istio-system}
spec: {compiledTemplate: logentry, params: {severity: '"info"', variables: {path: request.path}}}
---`;

const base: Omit<Proof, 'row' | 'witness'> = { config: () => '', host: APP, calls: [{}] };
const DENIED = '^cluster\\.inbound.*\\.ext_authz\\.denied$|^http\\..*\\.ext_authz\\.denied$';

export const MESH_PROOFS: readonly Proof[] = [
  {
    ...base,
    row: 'MeshConfig outbound-traffic-policy',
    host: 'unknown.test',
    witness: '^http\\..*\\.rq_direct_response$',
  },
  {
    ...base,
    row: 'rule check',
    calls: [{ path: '/denied' }],
    witness: DENIED,
    check: async (trio) => {
      const answer = await trio.call('caller', { authority: APP, path: '/denied' });
      expect([answer.status, answer.body]).toEqual([403, expect.stringContaining('Not allowed')]);
      expect((await trio.call('callee', { authority: APP, path: '/denied' })).status).toBe(403);
    },
  },
  {
    ...base,
    row: 'QuotaSpec quota',
    calls: [{ path: '/limited' }, { path: '/limited' }],
    witness: DENIED,
    check: async (trio) => {
      expect((await trio.call('callee', { authority: APP, path: '/limited' })).status).toBe(429);
    },
  },
  { ...base, row: 'rule report', witness: '^access_logs\\.grpc_access_log\\.logs_written$' },
];

/** Proven by the output of the proxies themselves. */
export const ACCESS_LOG = 'MeshConfig access-log-file';

export const meshWide: TrioOptions = {
  mesh: 'outboundTrafficPolicy: {mode: REGISTRY_ONLY}, accessLogFile: /dev/stdout, disablePolicyChecks: false',
  config: ({ app }) => `${service(APP, app)}${direct(APP)}${MIXER}`,
  withMixer: true,
};
