import { PATCH } from '#common/kube';
import type { RunningKubernetes } from '#common/testing';
import { customResourceDefinitions } from '#config';

/** Has the API server know all kinds that Quartet reads. */
export async function installDefinitions({ client }: RunningKubernetes): Promise<void> {
  for (const definition of customResourceDefinitions()) {
    const path = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${definition.metadata.name}`;
    const query = { fieldManager: 'test', force: true };
    await client.send('PATCH', path, { body: definition, contentType: PATCH.apply, query });
  }
}
