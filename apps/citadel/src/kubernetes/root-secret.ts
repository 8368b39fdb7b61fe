import {
  Backoff,
  isConflict,
  isNotFound,
  KubeError,
  failureText,
  resourcePath,
  type KubeClient,
  type KubeObject,
} from '#common/kube';
import type { Logger } from '#common/logger';
import { readRoot, type RootFiles } from '../rotate/root-files.js';
import type { SharedRoot } from '../rotate/state.js';
import { checkValidity } from '../sign/issuer.js';
import { CITADEL_NAMESPACE, ROOT_SECRETS, SECRETS } from './types.js';

const TYPE = 'istio.io/ca-root';

/** As far as it is of use. */
export interface SecretObject extends Partial<KubeObject> {
  readonly data?: Readonly<Record<string, string>>;
}

export interface RootSecretOptions {
  readonly client: KubeClient;
  /** This Citadel has an authority from an earlier time: it can do without an answer. */
  readonly hasOwn: boolean;
  readonly now: () => number;
  /** Told why the cluster's root is not known. */
  readonly onDetail?: (detail: string) => void;
  readonly log: Logger;
}

/**
 * The root that all Citadels of a cluster share: the plugged one, else that in `istio-ca-secret`, which whoever comes
 * first makes. Waits for an API server that is away, or refuses: to make up a root of one's own would split the mesh.
 * Rejects when the plugged one cannot sign, and there is none from an earlier time.
 */
export function rootFromSecret({ client, hasOwn, now, onDetail, log }: RootSecretOptions): SharedRoot {
  return async (own) => {
    const backoff = new Backoff({ first: 200 });
    const { signal } = new AbortController();
    let told = '';
    for (;;) {
      try {
        return await fetchOrCreate(client, own, now);
      } catch (error) {
        const reason = error instanceof KubeError ? failureText(error) : (error as Error).message;
        // What is in the Secret is told of by who follows it.
        if (error instanceof KubeError) onDetail?.(reason);
        // A cluster without that namespace has no other Citadel either.
        if (hasOwn || isNotFound(error)) {
          log.warn({ reason }, "the cluster's root cannot be used: going on with that of the state folder");
          return own();
        }
        if (!(error instanceof KubeError)) throw error;
        if (reason !== told) log.warn({ reason }, "waiting for the cluster's root");
        told = reason;
        await backoff.pause(signal, error.retryAfter);
      }
    }
  };
}

async function fetchOrCreate(
  client: KubeClient,
  own: () => Promise<RootFiles>,
  now: () => number,
): Promise<RootFiles> {
  const plugged = await read(client, ROOT_SECRETS.plugged);
  if (plugged) checkPlugged(plugged, now());
  const found = plugged ?? (await read(client, ROOT_SECRETS.selfSigned));
  if (found) return found;
  const made = await own();
  try {
    await client.send('POST', resourcePath(SECRETS, CITADEL_NAMESPACE), {
      body: {
        metadata: { name: ROOT_SECRETS.selfSigned, namespace: CITADEL_NAMESPACE },
        type: TYPE,
        data: Object.fromEntries(Object.entries(made).map(([name, text]) => [name, encode(text as string)])),
      },
    });
    return made;
  } catch (error) {
    if (!isConflict(error)) throw error;
    // Somebody else was faster.
    return fetchOrCreate(client, own, now);
  }
}

/** Undefined where there is no such Secret, or one that somebody else has yet to fill. */
async function read(client: KubeClient, name: string): Promise<RootFiles | undefined> {
  try {
    const path = resourcePath(SECRETS, CITADEL_NAMESPACE, name);
    return rootFilesOf(name, await client.get<SecretObject>(path));
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** The authority in a Secret. Throws an Error where certificate or key are missing. */
export function rootFilesOf(name: string, { data = {} }: SecretObject): RootFiles {
  const text = (key: keyof RootFiles): string => decode(data[key] ?? '');
  const certificate = text('ca-cert.pem');
  const key = text('ca-key.pem');
  if (certificate === '' || key === '') throw new Error(`Secret ${name} has no ca-cert.pem or no ca-key.pem`);
  return {
    'ca-cert.pem': certificate,
    'ca-key.pem': key,
    // Istio's own self-signed root has nothing but the two.
    'root-cert.pem': text('root-cert.pem') || certificate,
    'cert-chain.pem': text('cert-chain.pem'),
  };
}

function checkPlugged(files: RootFiles, now: number): void {
  try {
    checkValidity(readRoot(files), now);
  } catch (error) {
    throw new Error(`Secret ${ROOT_SECRETS.plugged}: ${(error as Error).message}`, { cause: error });
  }
}

function encode(text: string): string {
  return Buffer.from(text).toString('base64');
}

function decode(data: string): string {
  return Buffer.from(data, 'base64').toString('utf8');
}
