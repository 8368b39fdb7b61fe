import { allow, allowFollowing, type Permissions, type Rule } from '#common/kube';
import { MESH_TYPES } from '#config';
import { followedTypes } from './kubernetes-types.js';

const ADMISSION = { group: 'admissionregistration.k8s.io', plural: 'validatingwebhookconfigurations' };
const LEASES = { group: 'coordination.k8s.io', plural: 'leases' };
/** Names of its Lease and its ValidatingWebhookConfiguration, unless flags give them others. */
const NAME = 'istio-galley';

/**
 * Names cannot be asked for where something is to be made: those rules say nothing of them. The VirtualService that
 * Galley makes is a dry run, by which it sees whether the API server asks it.
 */
export const GALLEY_PERMISSIONS: Permissions = {
  cluster: [
    ...grouped(followedTypes(undefined).filter(({ namespace }) => namespace === undefined)),
    ...statuses(),
    allow({ group: 'events.k8s.io', plural: 'events' }, ['create', 'get', 'patch']),
    allow(ADMISSION, ['patch'], [NAME]),
    allow(ADMISSION, ['create']),
  ],
  own: [
    allowFollowing({ group: '', plural: 'configmaps' }, 'istio'),
    allow(LEASES, ['get', 'update'], [NAME]),
    allow(LEASES, ['create']),
    allow({ group: 'networking.istio.io', plural: 'virtualservices' }, ['create']),
  ],
};

type Typed = { readonly type: { readonly group: string; readonly plural: string } };

/** One rule for each API group. */
function grouped(followed: readonly Typed[]): Rule[] {
  const groups = new Map<string, string[]>();
  for (const { type } of followed) groups.set(type.group, [...(groups.get(type.group) ?? []), type.plural]);
  return [...groups].map(([group, resources]) => ({
    apiGroups: [group],
    resources,
    verbs: ['list', 'watch'],
  }));
}

/** Kinds that are only kept have no status of Galley's. */
function statuses(): Rule[] {
  const read = MESH_TYPES.filter((type) => type.read);
  const types = read.map(({ group, plural }) => ({ type: { group, plural: `${plural}/status` } }));
  return grouped(types).map((rule) => ({ ...rule, verbs: ['patch'] }));
}
