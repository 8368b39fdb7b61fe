import { CODES } from '#config';

/** Istio's names of its codes. @see https://istio.io/latest/docs/reference/config/analysis/ */
const ISTIO: ReadonlyMap<string, string> = new Map([
  ['IST0002', 'Deprecated'],
  ['IST0101', 'ReferencedResourceNotFound'],
  ['IST0106', 'SchemaValidationError'],
  ['IST0109', 'ConflictingMeshGatewayVirtualServiceHosts'],
  ['IST0110', 'ConflictingSidecarWorkloadSelectors'],
  ['IST0111', 'MultipleSidecarsWithoutWorkloadSelectors'],
  ['IST0130', 'VirtualServiceUnreachableRule'],
  ['IST0131', 'VirtualServiceIneffectiveMatch'],
  ['IST0132', 'VirtualServiceHostNotFoundInGateway'],
  ['IST0145', 'ConflictingGateways'],
]);

const OWN: ReadonlyMap<string, string> = new Map(
  Object.entries(CODES).map(([name, { code }]) => [code, name[0]!.toUpperCase() + name.slice(1)]),
);

/** The name of a code: Istio's, where Istio has it. */
export function messageType(code: string): string {
  return ISTIO.get(code) ?? OWN.get(code) ?? code;
}
