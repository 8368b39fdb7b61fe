import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { spawnProcess, type NetworkNamespace, type SpawnedProcess } from '#common/testing';
import type { Image } from './image.js';
import { fieldOf, type Container, type Pod } from './objects.js';

export interface ContainerSetup {
  readonly pod: Pod;
  readonly container: Container;
  readonly namespace: NetworkNamespace;
  /** Of the container's own: its root file system's changes lie here. */
  readonly work: string;
  /** Folders by the names of the volumes that they are. */
  readonly volumes: ReadonlyMap<string, string>;
  /** /etc/hosts. */
  readonly hosts: string;
  readonly image: Image;
  /** Programs of the image beside Quartet's own, by name. */
  readonly programs: ReadonlyMap<string, string>;
  readonly apiPort: number;
}

/**
 * Runs a container as its pod describes it, on this host's root file system under an overlay, with the image's folder
 * where the image has it, the pod's volumes where they are mounted, its user, its environment and no other.
 */
export function runContainer(setup: ContainerSetup): SpawnedProcess {
  const { pod, container, namespace } = setup;
  const [program = '', ...words] = namespace.enter;
  const script = [
    'set -e',
    `hostname ${pod.metadata.name}`,
    ...mounts(setup),
    `exec chroot "$ROOT" ${entryPoint(setup)} "$@"`,
  ].join('\n');
  const command = [...(container.command ?? []), ...(container.args ?? [])];
  return spawnProcess(
    program,
    [...words, 'unshare', '--mount', '--uts', 'sh', '-c', script, 'sh', ...command],
    {
      name: `${pod.metadata.name}/${container.name}`,
      env: { PATH: process.env.PATH, ROOT: join(setup.work, 'root') },
    },
  );
}

function mounts({ container, work, volumes, hosts, image, programs }: ContainerSetup): string[] {
  const [upper, scratch, root] = ['upper', 'scratch', 'root'].map((name) => join(work, name));
  for (const folder of [upper, scratch, root]) mkdirSync(folder ?? '', { recursive: true });
  const bindFolder = (from: string, to: string) =>
    `mkdir -p "$ROOT${to}"; mount --bind '${from}' "$ROOT${to}"`;
  const bindFile = (from: string, to: string) =>
    `mkdir -p "$(dirname "$ROOT${to}")"; touch "$ROOT${to}"; mount --bind '${from}' "$ROOT${to}"`;
  const folders = (container.volumeMounts ?? []).map(({ name, mountPath }) =>
    bindFolder(volumes.get(name) ?? '', mountPath),
  );
  return [
    `mount -t overlay overlay -o 'lowerdir=/,upperdir=${upper},workdir=${scratch}' "$ROOT"`,
    // Whatever this host has there is none of the pod's, and a link to /run would lead out of the pod's root.
    'rm -rf "$ROOT/run" "$ROOT/var/run"; mkdir "$ROOT/run" "$ROOT/var/run"',
    'for dir in proc dev; do mount --rbind "/$dir" "$ROOT/$dir"; done',
    bindFolder(image.folder, image.workdir),
    bindFile(hosts, '/etc/hosts'),
    ...[...programs].map(([name, path]) => bindFile(path, `/usr/local/bin/${name}`)),
    ...folders,
    container.securityContext?.readOnlyRootFilesystem ? 'mount -o remount,ro "$ROOT"' : 'true',
  ];
}

function entryPoint({ pod, container, namespace, image, apiPort }: ContainerSetup): string {
  const { runAsUser = 0, runAsGroup = 0 } = pod.spec.securityContext ?? {};
  const variables = (container.env ?? []).map(({ name, value = '', valueFrom }) => {
    const path = valueFrom?.fieldRef?.fieldPath;
    return `${name}='${path === undefined ? value : fieldOf(pod, path, namespace.address)}'`;
  });
  return [
    `setpriv --reuid ${runAsUser} --regid ${runAsGroup} --clear-groups --inh-caps=-all --bounding-set=-all`,
    `env -i -C '${container.workingDir ?? image.workdir}' PATH=/usr/local/bin:/usr/bin:/bin`,
    `KUBERNETES_SERVICE_HOST=kubernetes.default.svc KUBERNETES_SERVICE_PORT=${apiPort}`,
    ...Object.entries(image.env).map(([name, value]) => `${name}='${value}'`),
    ...variables,
  ].join(' ');
}
