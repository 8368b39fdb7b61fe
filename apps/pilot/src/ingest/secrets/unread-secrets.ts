import { staleReason } from '#common/kube';
import { ANY_NAMESPACE } from '../../model/credential.js';

/** Why the Secrets of a namespace cannot be read, in the same words for everything that they are read for. */
export function unreadSecrets(namespace: string, state: Parameters<typeof staleReason>[0]): string {
  const where = namespace === ANY_NAMESPACE ? 'all namespaces' : namespace;
  return `secrets of ${where}: ${staleReason(state)}`;
}
