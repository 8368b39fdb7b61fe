import { join } from 'node:path';
import { findBinary, packageRoot } from '#common/binaries';
import { quartet, startKubernetes, type RunningKubernetes } from '#common/testing';
import { buildImage } from './image.js';
import { Kubelet } from './kubelet.js';
import { definitionsServed } from './definitions.js';

/** Those of kube-controller-manager that make pods of what a chart installs. */
const CONTROLLERS = [
  'deployment-controller',
  'replicaset-controller',
  'statefulset-controller',
  'endpointslice-controller',
  'serviceaccount-controller',
  'root-ca-certificate-publisher-controller',
  'garbage-collector-controller',
];

export const CHART = join(packageRoot(), 'deploy/helm/quartet');
export const NAMESPACE = 'istio-system';

/** A cluster in which the chart's pods run, from the image that the Dockerfile makes. */
export interface Installation {
  readonly kubernetes: RunningKubernetes;
  readonly kubelet: Kubelet;
  stop(): Promise<void>;
}

/** Starts a cluster, and installs the definitions and the chart as a user would. @throws what helm complains of */
export async function install(...settings: string[]): Promise<Installation> {
  // There is no kube-proxy: the API server finds the pods behind a webhook's Service by itself.
  const flags = ['--enable-aggregator-routing=true'];
  const kubernetes = await startKubernetes({ controllers: CONTROLLERS, flags });
  const nats = await findBinary('nats-server');
  const kubelet = await Kubelet.start(kubernetes, buildImage(), new Map([['nats-server', nats.path]]));
  const { stdout } = await quartet('manifest', 'generate');
  await kubernetes.kubectl(['apply', '--server-side', '-f', '-'], stdout);
  await definitionsServed(kubernetes);
  const args = settings.flatMap((setting) => ['--set', setting]);
  const { code, stderr } = await kubernetes.helm([
    ...['install', 'quartet', CHART, '--namespace', NAMESPACE, '--create-namespace', ...args],
  ]);
  if (code !== 0) throw new Error(stderr);
  const stop = async (): Promise<void> => {
    await kubelet.stop();
    await kubernetes.stop();
  };
  return { kubernetes, kubelet, stop };
}
