import { describeRegistry } from '../testing/registry-contract.js';
import { clusterStep, editOf } from '../testing/random-cluster.js';
import { KubernetesRegistry } from './kubernetes-registry.js';

describeRegistry('Kubernetes', {
  empty: () => KubernetesRegistry.empty({ id: 'Kubernetes', rank: 0 }),
  step: clusterStep,
  edit: (name, _before, object) => editOf({ name, object }),
});
