import type { KubeObject } from '#common/kube';
import type { KubeEndpoint, KubeSlice } from './objects.js';

interface SliceObject extends KubeObject {
  readonly addressType?: string;
  readonly ports?: readonly { readonly name?: string | null; readonly port?: number | null }[] | null;
  readonly endpoints?: readonly EndpointObject[] | null;
}

interface EndpointObject {
  readonly addresses: readonly string[];
  readonly conditions?: {
    readonly ready?: boolean | null;
    readonly serving?: boolean | null;
    readonly terminating?: boolean | null;
  };
  readonly targetRef?: { readonly kind?: string; readonly name?: string };
  readonly nodeName?: string;
  readonly zone?: string;
}

/** The label that says whose slice it is. */
const SERVICE_NAME = 'kubernetes.io/service-name';

export function pickSlice(object: KubeObject): KubeSlice {
  const { metadata, addressType, ports, endpoints } = object as SliceObject;
  return {
    service: metadata.labels?.[SERVICE_NAME] ?? '',
    family: addressType === 'IPv4' || addressType === 'IPv6' ? addressType : undefined,
    ports: Object.fromEntries(
      (ports ?? []).flatMap(({ name, port }): [string, number][] => (port ? [[name ?? '', port]] : [])),
    ),
    endpoints: (endpoints ?? []).flatMap(endpointOf),
  };
}

/** Addresses after the first have no meaning, says the API. */
function endpointOf(endpoint: EndpointObject): KubeEndpoint[] {
  const { addresses, targetRef, nodeName, zone } = endpoint;
  const [address] = addresses;
  if (!address) return [];
  const pod = targetRef?.kind === 'Pod' ? targetRef.name : undefined;
  return [
    {
      address,
      state: stateOf(endpoint),
      ...(pod && { pod }),
      ...(nodeName && { node: nodeName }),
      ...(zone && { zone }),
    },
  ];
}

/**
 * What is not said of an endpoint counts as good news. A Service that publishes addresses which are not ready has
 * `ready` on all of them, whatever their pods say.
 *
 * @see https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/#conditions
 */
function stateOf({ conditions = {} }: EndpointObject): KubeEndpoint['state'] {
  const { ready, serving, terminating } = conditions;
  if (ready ?? true) return 'ready';
  return terminating && serving ? 'draining' : 'idle';
}
