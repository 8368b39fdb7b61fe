import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { KubeClient, KubeObject } from '#common/kube';
import { fieldOf, type KeyToPath, type Pod, type Projection, type Volume } from './objects.js';

interface Store extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
}

/** Makes a volume of a pod in a folder. @throws where an object that it names is not there (yet) */
export async function fillVolume(
  client: KubeClient,
  pod: Pod,
  volume: Volume,
  folder: string,
  address: string,
): Promise<void> {
  const group = pod.spec.securityContext?.runAsGroup ?? 0;
  mkdirSync(folder, { recursive: true });
  chownSync(folder, 0, group);
  chmodSync(folder, volume.emptyDir || volume.persistentVolumeClaim ? 0o2770 : 0o750);
  for (const [name, data] of Object.entries(await filesOf(client, pod, volume, address))) {
    const file = join(folder, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, data, { mode: 0o440 });
    chownSync(file, 0, group);
  }
}

type Files = Readonly<Record<string, Buffer | string>>;

async function filesOf(client: KubeClient, pod: Pod, volume: Volume, address: string): Promise<Files> {
  const home = `/api/v1/namespaces/${pod.metadata.namespace}`;
  if (volume.secret) {
    const { data = {} } = await client.get<Store>(`${home}/secrets/${volume.secret.secretName}`);
    return mapValues(data, (value) => Buffer.from(value, 'base64'));
  }
  if (volume.configMap) return configMapFiles(client, home, volume.configMap.name);
  const parts = (volume.projected?.sources ?? []).map((source) => project(client, pod, source, address));
  return Object.assign({}, ...(await Promise.all(parts))) as Files;
}

async function configMapFiles(
  client: KubeClient,
  home: string,
  name: string,
  items?: readonly KeyToPath[],
): Promise<Files> {
  const { data = {} } = await client.get<Store>(`${home}/configmaps/${name}`);
  return items ? Object.fromEntries(items.map(({ key, path }) => [path, data[key] ?? ''])) : data;
}

async function project(client: KubeClient, pod: Pod, source: Projection, address: string): Promise<Files> {
  const home = `/api/v1/namespaces/${pod.metadata.namespace}`;
  const { serviceAccountToken, configMap, downwardAPI } = source;
  if (configMap) return configMapFiles(client, home, configMap.name, configMap.items);
  if (downwardAPI)
    return Object.fromEntries(
      downwardAPI.items.map(({ path, fieldRef }) => [path, fieldOf(pod, fieldRef.fieldPath, address)]),
    );
  if (!serviceAccountToken) return {};
  const { path, audience, expirationSeconds = 3600 } = serviceAccountToken;
  return { [path]: await requestToken(client, pod, audience, expirationSeconds) };
}

/** A token of the pod's service account that is bound to the pod, as a kubelet asks for one. */
async function requestToken(
  client: KubeClient,
  { metadata, spec }: Pod,
  audience: string | undefined,
  expirationSeconds: number,
): Promise<string> {
  const account = spec.serviceAccountName ?? 'default';
  const { name, uid } = metadata;
  const body = {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: {
      ...(audience !== undefined && { audiences: [audience] }),
      expirationSeconds,
      boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name, uid },
    },
  };
  const path = `/api/v1/namespaces/${metadata.namespace}/serviceaccounts/${account}/token`;
  const { body: answer } = await client.send<{ status: { token: string } }>('POST', path, { body });
  return answer.status.token;
}

function mapValues<T, U>(values: Readonly<Record<string, T>>, map: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, map(value)]));
}
