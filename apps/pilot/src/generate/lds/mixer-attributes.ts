import type { Proxy } from '../../model/proxy.js';
import type { InboundService } from '../common/inbound.js';

/** Attributes that do not change from request to request, by Mixer's names. */
export type MixerAttributes = Readonly<Record<string, string>>;

/** What the caller's side knows of itself. */
export function outboundAttributes(proxy: Proxy): MixerAttributes {
  return { 'context.reporter.kind': 'outbound', ...workload(proxy, 'source') };
}

/** What the callee's side knows of itself and of the service it is called as. */
export function inboundAttributes(proxy: Proxy, service: InboundService | undefined): MixerAttributes {
  return {
    'context.reporter.kind': 'inbound',
    ...workload(proxy, 'destination'),
    ...(service && {
      'destination.service.host': service.host,
      'destination.service.name': service.name,
      'destination.service.namespace': service.namespace,
    }),
  };
}

function workload({ workloadEntry, namespace }: Proxy, role: 'source' | 'destination'): MixerAttributes {
  const uid = workloadEntry && `kubernetes://${workloadEntry}.${namespace}`;
  return {
    ...(uid && { 'context.reporter.uid': uid, [`${role}.uid`]: uid }),
    [`${role}.namespace`]: namespace,
  };
}
