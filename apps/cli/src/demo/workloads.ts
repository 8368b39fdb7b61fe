import { isMap, parseAllDocuments, type Document } from 'yaml';

/** A workload of Bookinfo, or the gateway, as samples/bookinfo/workloads.yaml describes it. */
export interface Workload {
  readonly name: string;
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly address: string;
  /** Where its sidecar listens for it. */
  readonly port: number;
  /** Where its sidecar's HTTP proxy listens, and only for it. */
  readonly proxyPort: number;
  /** The application's socket; undefined for a gateway, which has no application. */
  readonly socket: string | undefined;
}

/** How this host can place the workloads. */
export interface Placement {
  /** Private folder for the applications' sockets. */
  readonly sockets: string;
  /** Address of the nth workload, counted from 1. */
  readonly address: (n: number) => string;
  /** Ports of their own, by n, where all workloads share one address. */
  readonly ports?: (n: number) => { readonly inbound: number; readonly proxy: number };
}

const DEFAULT_PORT = 9080;
const DEFAULT_PROXY_PORT = 15002;

/** Puts the workloads where the placement says; returns the changed YAML and what it now describes. */
export function placeWorkloads(yaml: string, placement: Placement): { yaml: string; workloads: Workload[] } {
  const documents = parseAllDocuments(yaml) as Document[];
  const sidecars = new Map(
    ofKind(documents, 'Sidecar').map((document) => [text(document, 'metadata', 'name'), document]),
  );
  const workloads = ofKind(documents, 'WorkloadEntry').map((entry, index) => {
    const sidecar = sidecars.get(text(entry, 'metadata', 'name'));
    return placeOne(entry, sidecar, placement, index + 1);
  });
  return { yaml: documents.map(String).join('---\n').replaceAll('---\n---\n', '---\n'), workloads };
}

function placeOne(entry: Document, sidecar: Document | undefined, placement: Placement, n: number): Workload {
  const address = placement.address(n);
  const ports = placement.ports?.(n);
  const port = ports?.inbound ?? DEFAULT_PORT;
  const name = text(entry, 'metadata', 'name');
  const socket = sidecar && `${placement.sockets}/${name}.sock`;
  entry.setIn(['spec', 'address'], address);
  if (ports) entry.setIn(['spec', 'ports'], entry.createNode({ http: port }));
  if (sidecar) {
    const ingress = ['spec', 'ingress', 0];
    sidecar.setIn([...ingress, 'bind'], address);
    sidecar.setIn([...ingress, 'port', 'number'], port);
    sidecar.setIn([...ingress, 'defaultEndpoint'], `unix://${socket}`);
  }
  return {
    name,
    namespace: text(entry, 'metadata', 'namespace'),
    serviceAccount: text(entry, 'spec', 'serviceAccount'),
    labels: labelsOf(entry),
    address,
    port,
    proxyPort: ports?.proxy ?? DEFAULT_PROXY_PORT,
    socket,
  };
}

function ofKind(documents: readonly Document[], kind: string): Document[] {
  return documents.filter((document) => document.get('kind') === kind);
}

function text(document: Document, ...path: string[]): string {
  const value = document.getIn(path);
  if (typeof value !== 'string') throw new Error(`workloads.yaml: ${path.join('.')} is missing`);
  return value;
}

function labelsOf(entry: Document): Record<string, string> {
  const labels = entry.getIn(['spec', 'labels']);
  return isMap(labels) ? (labels.toJSON() as Record<string, string>) : {};
}
