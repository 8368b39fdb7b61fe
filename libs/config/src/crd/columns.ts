/** A column of `kubectl get`. */
export interface PrinterColumn {
  readonly name: string;
  readonly type: 'string' | 'date' | 'integer';
  readonly jsonPath: string;
  readonly description?: string;
  /** 1 hides it unless `-o wide` is asked for. */
  readonly priority?: number;
}

const text = (name: string, jsonPath: string): PrinterColumn => ({ name, type: 'string', jsonPath });

const ACCEPTED: PrinterColumn = {
  ...text('Accepted', '.status.conditions[?(@.type=="Accepted")].status'),
  description: 'Whether Galley took the resource in as it stands.',
};
const AGE: PrinterColumn = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' };

/** By kind, under the names that Istio gave them. */
const OWN: ReadonlyMap<string, readonly PrinterColumn[]> = new Map([
  ['VirtualService', [text('Gateways', '.spec.gateways'), text('Hosts', '.spec.hosts')]],
  ['DestinationRule', [text('Host', '.spec.host')]],
  [
    'ServiceEntry',
    [...['Hosts', 'Location', 'Resolution'].map((name) => text(name, `.spec.${name.toLowerCase()}`))],
  ],
  ['Gateway', [text('Selector', '.spec.selector')]],
  ['WorkloadEntry', [text('Address', '.spec.address')]],
  ['PeerAuthentication', [text('Mode', '.spec.mtls.mode')]],
  ['AuthorizationPolicy', [text('Action', '.spec.action')]],
  ['rule', [text('Match', '.spec.match')]],
  ['handler', [text('Adapter', '.spec.compiledAdapter')]],
  ['instance', [text('Template', '.spec.compiledTemplate')]],
]);

export function columnsOf(kind: string): PrinterColumn[] {
  return [...(OWN.get(kind) ?? []), ACCEPTED, AGE];
}

const SHORT_NAMES: ReadonlyMap<string, string> = new Map([
  ['VirtualService', 'vs'],
  ['DestinationRule', 'dr'],
  ['Gateway', 'gw'],
  ['ServiceEntry', 'se'],
  ['WorkloadEntry', 'we'],
  ['WorkloadGroup', 'wg'],
  ['PeerAuthentication', 'pa'],
  ['RequestAuthentication', 'ra'],
  ['AuthorizationPolicy', 'ap'],
  ['Telemetry', 'telemetry'],
]);

export function shortNamesOf(kind: string): string[] {
  const name = SHORT_NAMES.get(kind);
  return name === undefined ? [] : [name];
}
