import type { HttpAnswer } from '../measure/http-client.js';
import { until } from '../until.js';
import type { ConfigFolder } from './config-folder.js';

/** The response header that a route of the tour sets, so that one sees from an answer which edit routed it. */
export const MARK = 'x-tour';

/** A VirtualService of namespace default; `http` is YAML, indented by nothing. */
export function virtualService(name: string, http: string): string {
  const body = http
    .trim()
    .split('\n')
    .map((line) => `    ${line}`)
    .join('\n');
  return `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: ${name}
  namespace: default
spec:
  hosts: [${name}]
  http:
${body}
`;
}

/** The resources of a file but the VirtualServices. */
export function withoutVirtualServices(yaml: string): string {
  return yaml
    .split(/^---$/m)
    .filter((document) => !/^kind: VirtualService$/m.test(document))
    .join('---');
}

/** A route of the tour: what is sent through it, and by what one sees that it is in force. */
export interface Detour<T> {
  /** The sample whose VirtualService gets other routes. */
  readonly service: string;
  /** The routes, as YAML. */
  readonly http: string;
  readonly call: () => Promise<HttpAnswer>;
  readonly inForce: (answer: HttpAnswer) => boolean;
  readonly action: () => Promise<T>;
}

/** Gives a VirtualService other routes while `action` runs; returns when they are gone from the proxies again. */
export async function detour<T>(
  config: ConfigFolder,
  { service, http, call, inForce, action }: Detour<T>,
): Promise<T> {
  const rest = withoutVirtualServices(config.read(`${service}.yaml`));
  const result = await config.with(
    `${service}.yaml`,
    `${virtualService(service, http)}---${rest}`,
    async () => {
      await takesEffect('the new route', async () => inForce(await call()));
      return action();
    },
  );
  await takesEffect('the old route', async () => !inForce(await call()));
  return result;
}

/** Tries until the call sees what it waits for; the tour's bound for a change to take effect. */
export function takesEffect(what: string, seen: () => Promise<boolean>): Promise<unknown> {
  return until(seen, { what, timeoutMs: 5_000, intervalMs: 5 });
}
