import type { TlsIdentity } from '#common/identity';
import type { JsonObject, JsonValue } from '#common/proto/json';
import type { NetworkNamespace, RunningEnvoy } from '#common/testing';
import { ADMIN_PORT, startEnvoy } from '#common/testing';
import { translate } from '../translate.js';
import { readResources } from './read-resources.js';
import { inlined, replaceMembers } from './static-bootstrap.js';

export interface SidecarOptions {
  readonly config: string;
  readonly nodeId: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  /** What an agent would give it by SDS. */
  readonly identity: TlsIdentity;
  /** Lets every listener be reached at its own address, without interception. */
  readonly uncaptured?: boolean;
  /** The namespace that it runs in. */
  readonly namespace?: NetworkNamespace;
  /** More arguments of Envoy. */
  readonly args?: readonly string[];
}

/** A real Envoy with what was generated for a proxy, without a control plane: secrets stand in its bootstrap. */
export async function startSidecar({
  config,
  nodeId,
  metadata,
  identity,
  uncaptured = false,
  namespace,
  args = [],
}: SidecarOptions): Promise<RunningEnvoy> {
  const result = translate({ resources: readResources(config), proxyNodeId: nodeId, metadata });
  if (!result.ok) throw new Error(result.error);
  const { listeners, clusters } = inlined(result.translation);
  // A secret that is named without a source is one of the bootstrap's.
  const bySecretName = (resources: JsonObject[]): JsonValue =>
    replaceMembers(resources, 'sds_config', () => ({}));
  const bootstrap = {
    ...(namespace && adminAt(namespace)),
    node: { id: nodeId, cluster: 'test' },
    static_resources: {
      listeners: bySecretName(uncaptured ? listeners.flatMap(bound) : listeners),
      clusters: bySecretName(clusters),
      secrets: secrets(identity),
    },
  };
  return startEnvoy(bootstrap, { args, ...(namespace && { within: namespace.enterAsProxy }) });
}

function adminAt({ address }: NetworkNamespace): JsonObject {
  return { admin: { address: { socket_address: { address, port_value: ADMIN_PORT } } } };
}

/** The listeners of captured connections would take ports that they have no use for. */
function bound({ bind_to_port: _, ...listener }: JsonObject): JsonObject[] {
  return String(listener['name']).startsWith('virtual') ? [] : [listener];
}

function secrets({ certChain, privateKey, roots }: TlsIdentity): JsonValue {
  return [
    {
      name: 'default',
      tls_certificate: {
        certificate_chain: { inline_string: certChain },
        private_key: { inline_string: privateKey },
      },
    },
    { name: 'ROOTCA', validation_context: { trusted_ca: { inline_string: roots } } },
  ];
}
