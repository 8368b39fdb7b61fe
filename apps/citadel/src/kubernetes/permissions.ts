import { allow, allowFollowing, type Permissions } from '#common/kube';
import { CONFIG_MAPS, NAMESPACES, ROOT_CONFIG_MAP, ROOT_SECRETS, SECRETS, TOKEN_REVIEWS } from './types.js';

/** Names cannot be asked for where something is to be made: those rules say nothing of them. */
export const CITADEL_PERMISSIONS: Permissions = {
  cluster: [
    allow(TOKEN_REVIEWS, ['create']),
    allowFollowing(NAMESPACES),
    allow(CONFIG_MAPS, ['list', 'watch', 'patch'], [ROOT_CONFIG_MAP]),
    allow(CONFIG_MAPS, ['create']),
  ],
  own: [
    allow(SECRETS, ['get'], [ROOT_SECRETS.plugged, ROOT_SECRETS.selfSigned]),
    allowFollowing(SECRETS, ROOT_SECRETS.plugged),
    allow(SECRETS, ['create']),
  ],
};
