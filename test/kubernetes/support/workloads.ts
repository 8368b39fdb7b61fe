import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { afterAll } from '@jest/globals';
import type { RunningKubernetes } from '#common/testing';

/**
 * An address of this host by which pods are to be had: the API server takes none of the loopback. What is sent to it
 * does not leave the host.
 */
export function hostAddress(): string {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  const found = all.find(({ family, internal }) => family === 'IPv4' && !internal);
  if (!found) throw new Error('this host has no address but those of its loopback');
  return found.address;
}

const servers: { close(): void }[] = [];
afterAll(() => servers.splice(0).forEach((server) => server.close()));

/** An application that says its name, on a port of {@link hostAddress}. */
export async function application(name: string): Promise<number> {
  const server = createServer({ keepAliveTimeout: 0 }, (_, response) => response.end(name));
  await new Promise<void>((resolve) => server.listen(0, hostAddress(), resolve));
  servers.push({
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  });
  return (server.address() as AddressInfo).port;
}

export const NAMESPACE = `
apiVersion: v1
kind: Namespace
metadata: {name: books}
---
apiVersion: v1
kind: Node
metadata:
  name: n1
  labels: {topology.kubernetes.io/region: eu, topology.kubernetes.io/zone: eu-1}
`;

export function service(name: string, more = ''): string {
  return `---
apiVersion: v1
kind: Service
metadata: {name: ${name}, namespace: books}
spec:
  selector: {app: ${name}}
  ports: [{name: http, port: 80, targetPort: web}]
  ${more}
`;
}

/** A pod of the Deployment `<app>-<version>`, whose `web` port is `port` of this host. */
export function pod(name: string, app: string, version: string, port: number): string {
  return `---
apiVersion: v1
kind: Pod
metadata:
  name: ${name}
  namespace: books
  labels: {app: ${app}, version: ${version}, pod-template-hash: 5d8f}
  ownerReferences:
  - {apiVersion: apps/v1, kind: ReplicaSet, name: ${app}-${version}-5d8f, controller: true, uid: 6f2f4c1e-0000-4000-8000-000000000000}
spec:
  nodeName: n1
  serviceAccountName: books
  terminationGracePeriodSeconds: 0
  containers: [{name: app, image: none, ports: [{name: web, containerPort: ${port}}]}]
`;
}

/** What a kubelet would do: says that a pod runs, and whether it is ready. */
export async function report(kubernetes: RunningKubernetes, name: string, ready: boolean): Promise<void> {
  const status = {
    phase: 'Running',
    podIP: hostAddress(),
    podIPs: [{ ip: hostAddress() }],
    conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }],
  };
  await kubernetes.client.send('PATCH', `/api/v1/namespaces/books/pods/${name}/status`, {
    contentType: 'application/merge-patch+json',
    body: { status },
  });
}
