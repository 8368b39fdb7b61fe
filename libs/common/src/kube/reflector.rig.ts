import { tempDir, type RunningKubernetes } from '#common/testing';
import { kubeconfigText } from '#common/testing';
import { KubeClient } from './client.js';
import { Discovery } from './discovery.js';
import { parseKubeconfig } from './kubeconfig.js';
import type { KubeObject, ResourceType } from './objects.js';
import { Reflector, type ReflectorOptions, type ReflectorState } from './reflector.js';

/** A reflector of values in ConfigMaps or of any other type, and everything it said. */
export interface ReflectorRig {
  readonly reflector: Reflector<string>;
  readonly client: KubeClient;
  /** What a consumer that takes everything knows: the kept field by `namespace/name`. */
  readonly known: ReadonlyMap<string, string>;
  /** Every word that was taken, `key=value` or `-key`. */
  readonly words: readonly string[];
  readonly states: readonly ReflectorState[];
  /** While false, nothing is taken. */
  attentive: boolean;
  /** Takes what waits. */
  take(): void;
}

export interface ReflectorRigOptions extends Partial<ReflectorOptions<string>> {
  /** Port to reach the API server by; by default its own. */
  readonly port?: number;
  /** As who; by default `admin`'s token. */
  readonly user?: object;
}

export const CONFIG_MAPS: ResourceType = { group: '', version: 'v1', plural: 'configmaps' };

const open: { close(): unknown }[] = [];

/** Ends every reflector of a test. */
export async function closeReflectors(): Promise<void> {
  for (const one of open.splice(0).reverse()) await one.close();
}

export function startReflector(
  kubernetes: RunningKubernetes,
  options: ReflectorRigOptions = {},
): ReflectorRig {
  const { credentials } = kubernetes;
  const server = `https://127.0.0.1:${options.port ?? kubernetes.port}`;
  const user = options.user ?? { token: credentials.tokens.get('admin') };
  const client =
    options.client ??
    new KubeClient(parseKubeconfig(kubeconfigText(server, credentials.ca, user), tempDir()));
  const discovery = new Discovery(client);
  const known = new Map<string, string>();
  const words: string[] = [];
  const states: ReflectorState[] = [];
  const rig: ReflectorRig = {
    reflector: undefined as unknown as Reflector<string>,
    client,
    known,
    words,
    states,
    attentive: true,
    take: () => {
      for (const change of rig.reflector.take()) {
        words.push(change.op === 'put' ? `${change.key}=${change.object}` : `-${change.key}`);
        if (change.op === 'put') known.set(change.key, change.object);
        else known.delete(change.key);
      }
    },
  };
  const onStir = (): void => {
    if (states.at(-1)?.kind !== rig.reflector.state.kind) states.push(rig.reflector.state);
    if (rig.attentive) rig.take();
  };
  const keep = (object: KubeObject): string => (object as { data?: { v?: string } }).data?.v ?? '';
  const timings = { backoff: { longest: 200 }, ...options.timings };
  const reflector = new Reflector({
    client,
    discovery,
    type: CONFIG_MAPS,
    keep,
    onStir,
    ...options,
    timings,
  });
  Object.assign(rig, { reflector });
  open.push(client, discovery, reflector);
  reflector.start();
  return rig;
}
