import { PATCH } from '#common/kube';
import { until, type RunningKubernetes } from '#common/testing';
import { customResourceDefinitions } from '#config';

/** Has the API server know all kinds that Quartet reads. */
export async function installDefinitions(kubernetes: RunningKubernetes): Promise<void> {
  for (const definition of customResourceDefinitions()) {
    const path = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${definition.metadata.name}`;
    const query = { fieldManager: 'test', force: true };
    await kubernetes.client.send('PATCH', path, { body: definition, contentType: PATCH.apply, query });
  }
  await definitionsServed(kubernetes);
}

/**
 * Resolves when the API server serves all kinds and tells kubectl so: both come a moment after it was given their
 * definitions, or was started.
 */
export async function definitionsServed(kubernetes: RunningKubernetes): Promise<void> {
  const kinds = customResourceDefinitions().map(({ metadata }) => metadata.name);
  const areServed = async (): Promise<boolean> =>
    (await kubernetes.kubectl(['get', kinds.join(','), '--all-namespaces'])).code === 0;
  await until(areServed, { what: 'all kinds to be served', timeout: 90_000 });
}
