import { mergeAny } from '#common/proto/json';
import type { Patch } from '../../model/patch.js';
import type { Fields } from './message.js';
import { anyOf, listOf, listMerge, mergeValue, messageOf, textOf, valueOf } from './message.js';

/**
 * Merges a patch into a cluster in place. A transport socket is merged into that of the endpoints for which one is
 * chosen, if it has the same name: beside these it would be for all others, which speak plain text.
 */
export function mergeCluster(patch: Patch, cluster: Fields): void {
  const matches = listOf(cluster, 'transport_socket_matches');
  const { transport_socket: _, ...rest } = valueOf(patch);
  const socket = messageOf(valueOf(patch), 'transport_socket');
  if (matches.length === 0 || !socket) return mergeValue(patch, cluster);
  mergeValue(patch, cluster, rest);
  const chosen = matches.map((match) => messageOf(match, 'transport_socket'));
  const same = chosen.find((held) => textOf(held, 'name') === textOf(socket, 'name'));
  const [held, given] = [same && anyOf(same, 'typed_config'), anyOf(socket, 'typed_config')];
  if (same && held && given) same['typed_config'] = mergeAny(held, given, listMerge(patch)) ?? given;
}
