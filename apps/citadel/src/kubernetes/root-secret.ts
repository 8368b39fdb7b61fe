import { Backoff, isConflict, isNotFound, KubeError, resourcePath, type KubeClient } from '#common/kube';
import type { Logger } from '#common/logger';
import type { RootFiles, SharedRoot } from '../rotate/state.js';
import { ROOT_SECRETS, SECRETS } from './types.js';

const TYPE = 'istio.io/ca-root';
const CITADEL_NAMESPACE = 'istio-system';

interface SecretObject {
  readonly data?: Readonly<Record<string, string>>;
}

export interface RootSecretOptions {
  readonly client: KubeClient;
  /** This Citadel has an authority from an earlier time: it can do without an answer. */
  readonly hasOwn: boolean;
  readonly log: Logger;
}

/**
 * The root that all Citadels of a cluster share: the plugged one, else that in `istio-ca-secret`, which whoever comes
 * first makes. Waits for an API server that is away, or refuses: to make up a root of one's own would split the mesh.
 */
export function rootFromSecret({ client, hasOwn, log }: RootSecretOptions): SharedRoot {
  return async (own) => {
    const backoff = new Backoff({ first: 200 });
    const { signal } = new AbortController();
    let told = '';
    for (;;) {
      try {
        return await fetchOrCreate(client, own);
      } catch (error) {
        if (!(error instanceof KubeError)) throw error;
        const reason = reasonOf(error);
        // A cluster without that namespace has no other Citadel either.
        if (hasOwn || isNotFound(error)) {
          log.warn({ reason }, "the cluster's root cannot be asked for: using that of the state folder");
          return own();
        }
        if (reason !== told) log.warn({ reason }, "waiting for the cluster's root");
        told = reason;
        await backoff.pause(signal, error.retryAfter);
      }
    }
  };
}

async function fetchOrCreate(client: KubeClient, own: () => Promise<RootFiles>): Promise<RootFiles> {
  const found = (await read(client, ROOT_SECRETS.plugged)) ?? (await read(client, ROOT_SECRETS.selfSigned));
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
    return fetchOrCreate(client, own);
  }
}

/** Undefined where there is no such Secret, or one that somebody else has yet to fill. */
async function read(client: KubeClient, name: string): Promise<RootFiles | undefined> {
  try {
    const { data = {} } = await client.get<SecretObject>(resourcePath(SECRETS, CITADEL_NAMESPACE, name));
    const text = (key: keyof RootFiles): string => decode(data[key] ?? '');
    const certificate = text('ca-cert.pem');
    const key = text('ca-key.pem');
    if (certificate === '' || key === '')
      throw new Error(`Secret ${name} has no ca-cert.pem or no ca-key.pem`);
    return {
      'ca-cert.pem': certificate,
      'ca-key.pem': key,
      // Istio's own self-signed root has nothing but the two.
      'root-cert.pem': text('root-cert.pem') || certificate,
      'cert-chain.pem': text('cert-chain.pem'),
    };
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

function reasonOf(error: KubeError): string {
  return error.status === 403 ? `a permission is missing: ${error.message}` : error.message;
}

function encode(text: string): string {
  return Buffer.from(text).toString('base64');
}

function decode(data: string): string {
  return Buffer.from(data, 'base64').toString('utf8');
}
