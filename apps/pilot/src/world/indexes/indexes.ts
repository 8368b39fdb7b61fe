import type {
  DestinationRule,
  EnvoyFilter,
  Gateway,
  Instance,
  MeshConfig,
  PeerAuthentication,
  ProxyConfig,
  Rule,
  ServiceEntry,
  Sidecar,
  Telemetry,
  VirtualService,
  WorkloadEntry,
} from '#config';
import type { CredentialSource } from '../../model/credential.js';
import type { Fact } from '../../model/contract.js';
import type { Kind } from '../../model/kinds.js';
import { KIND, kindOf } from '../../model/kinds.js';
import { StaticRegistry } from '../../registries/static/static-registry.js';
import { fact } from '../facts.js';
import { CredentialIndex } from './credential-index.js';
import { DestinationRuleIndex } from './destination-rule-index.js';
import type { Edit } from './edit.js';
import { EnvoyFilterIndex } from './envoy-filter-index.js';
import { GatewayIndex } from './gateway-index.js';
import { MeshIndex } from './mesh-index.js';
import { MixerIndex } from './mixer-index.js';
import { NamespaceIndex } from './namespace-index.js';
import { ServiceIndex } from './service-index.js';
import { SidecarIndex } from './sidecar-index.js';
import { VirtualServiceIndex } from './virtual-service-index.js';

/** All that a world knows, by what it is asked for. */
export interface Indexes {
  readonly mesh: MeshIndex;
  /** ServiceEntries and WorkloadEntries: one registry of several. */
  readonly entries: StaticRegistry;
  readonly services: ServiceIndex;
  readonly virtualServices: VirtualServiceIndex;
  readonly destinationRules: DestinationRuleIndex;
  readonly gateways: GatewayIndex;
  readonly sidecars: SidecarIndex;
  readonly peerAuthentications: NamespaceIndex<PeerAuthentication>;
  readonly telemetries: NamespaceIndex<Telemetry>;
  readonly proxyConfigs: NamespaceIndex<ProxyConfig>;
  readonly envoyFilters: EnvoyFilterIndex;
  readonly mixer: MixerIndex;
  readonly credentials: CredentialIndex;
}

export function emptyIndexes(trustDomain?: string, sources: readonly CredentialSource[] = []): Indexes {
  return {
    mesh: MeshIndex.withTrustDomain(trustDomain),
    entries: StaticRegistry.empty,
    services: ServiceIndex.empty,
    virtualServices: VirtualServiceIndex.empty,
    destinationRules: DestinationRuleIndex.empty,
    gateways: GatewayIndex.empty,
    sidecars: SidecarIndex.empty,
    peerAuthentications: NamespaceIndex.empty<PeerAuthentication>(fact.peerAuthentications),
    telemetries: NamespaceIndex.empty<Telemetry>(fact.telemetries),
    proxyConfigs: NamespaceIndex.empty<ProxyConfig>(fact.proxyConfigs),
    envoyFilters: EnvoyFilterIndex.empty,
    mixer: MixerIndex.empty,
    credentials: CredentialIndex.of(sources),
  };
}

/** Hands each edit to the index of its kind; an index without edits stays as it is. */
export function applyEdits(indexes: Indexes, edits: readonly Edit[], touched: Set<Fact>): Indexes {
  const of = <Spec>(...kinds: readonly Kind[]): Edit<Spec>[] =>
    edits.filter(({ before, after }) =>
      kinds.includes(kindOf((after ?? before)?.key ?? '') as Kind),
    ) as Edit<Spec>[];
  const entries = indexes.entries.apply(
    of<ServiceEntry | WorkloadEntry>(KIND.serviceEntry, KIND.workloadEntry),
  );
  return {
    mesh: indexes.mesh.apply(of<MeshConfig>(KIND.mesh), touched),
    entries: entries.registry,
    services: indexes.services.apply(entries.change, touched),
    virtualServices: indexes.virtualServices.apply(of<VirtualService>(KIND.virtualService), touched),
    destinationRules: indexes.destinationRules.apply(of<DestinationRule>(KIND.destinationRule), touched),
    gateways: indexes.gateways.apply(of<Gateway>(KIND.gateway), touched),
    sidecars: indexes.sidecars.apply(of<Sidecar>(KIND.sidecar), touched),
    peerAuthentications: indexes.peerAuthentications.apply(
      of<PeerAuthentication>(KIND.peerAuthentication),
      touched,
    ),
    telemetries: indexes.telemetries.apply(of<Telemetry>(KIND.telemetry), touched),
    proxyConfigs: indexes.proxyConfigs.apply(of<ProxyConfig>(KIND.proxyConfig), touched),
    envoyFilters: indexes.envoyFilters.apply(of<EnvoyFilter>(KIND.envoyFilter), touched),
    mixer: indexes.mixer.apply(of<Rule | Instance>(KIND.rule, KIND.instance), touched),
    credentials: indexes.credentials,
  };
}
