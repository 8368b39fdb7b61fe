import { quartet, type RunningKubernetes } from '#common/testing';

/** Lets a service have what it needs in a cluster, and no more; the kubeconfig that it is to be started with. */
export async function accountOf(kubernetes: RunningKubernetes, service: string): Promise<string> {
  // It may be there already.
  await kubernetes.kubectl(['create', 'namespace', 'istio-system']);
  const { stdout } = await quartet('manifest', 'generate', '--component', service);
  const { code, stderr } = await kubernetes.kubectl(['apply', '-f', '-'], stdout);
  if (code !== 0) throw new Error(stderr);
  return kubernetes.kubeconfigOfAccount(`istio-${service}-service-account`);
}
