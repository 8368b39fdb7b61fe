import type { ValueType } from '#config';
import type { IpAddress } from '#expressions';
import { Failure } from '#expressions';
import type { Template } from './template.js';

/** What an attribute generator gives back and `attributeBindings` read as `$out.NAME`. */
export const KUBERNETES_OUTPUTS: ReadonlyMap<string, ValueType> = new Map(
  (['source', 'destination'] as const).flatMap((side): [string, ValueType][] => [
    [`${side}_pod_uid`, 'STRING'],
    [`${side}_pod_ip`, 'IP_ADDRESS'],
    [`${side}_pod_name`, 'STRING'],
    [`${side}_labels`, 'STRING_MAP'],
    [`${side}_namespace`, 'STRING'],
    [`${side}_service_account_name`, 'STRING'],
    [`${side}_host_ip`, 'IP_ADDRESS'],
    [`${side}_workload_uid`, 'STRING'],
    [`${side}_workload_name`, 'STRING'],
    [`${side}_workload_namespace`, 'STRING'],
    [`${side}_owner`, 'STRING'],
    ...(side === 'destination' ? [['destination_container_name', 'STRING'] as [string, ValueType]] : []),
  ]),
);

export const kubernetes: Template = {
  name: 'kubernetes',
  variety: 'ATTRIBUTE_GENERATOR',
  fields: ['sourceUid', 'sourceIp', 'destinationUid', 'destinationIp', 'destinationPort'],
  compile(name, fields) {
    const uid = {
      source: fields.typed('sourceUid', 'STRING', ''),
      destination: fields.typed('destinationUid', 'STRING', ''),
    };
    const ip = {
      source: fields.typed('sourceIp', 'IP_ADDRESS', ''),
      destination: fields.typed('destinationIp', 'IP_ADDRESS', ''),
    };
    const port = fields.typed('destinationPort', 'INT64', 0);
    return (bag) => {
      const read = [
        uid.source(bag),
        ip.source(bag),
        uid.destination(bag),
        ip.destination(bag),
        port(bag),
      ] as const;
      const failed = read.find((value) => value instanceof Failure);
      if (failed) return failed;
      const [sourceUid, sourceIp, destinationUid, destinationIp, destinationPort] = read;
      return {
        template: 'kubernetes',
        name,
        sourceUid: sourceUid as string,
        sourceIp: String(sourceIp as IpAddress | ''),
        destinationUid: destinationUid as string,
        destinationIp: String(destinationIp as IpAddress | ''),
        destinationPort: destinationPort as number,
      };
    };
  },
};
