import type { Proxy } from '../../model/proxy.js';

type Labels = Readonly<Record<string, string>>;

/** What a workload is called in spans and dashboards. @see https://istio.io/latest/docs/ops/configuration/mesh/ */
export function canonicalName({ labels, workloadEntry }: Proxy): string {
  return (
    first(labels, 'service.istio.io/canonical-name', 'app.kubernetes.io/name', 'app') ??
    (workloadEntry || 'unknown')
  );
}

export function canonicalRevision({ labels }: Proxy): string {
  return (
    first(labels, 'service.istio.io/canonical-revision', 'app.kubernetes.io/version', 'version') ?? 'latest'
  );
}

function first(labels: Labels, ...names: string[]): string | undefined {
  return names.map((name) => labels[name]).find(Boolean);
}
