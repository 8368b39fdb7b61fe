import { describe, expect, it } from '@jest/globals';
import { duration, int32, list, mapOf, message, noEffect, oneOf, text, uint32 } from '../schema/builder.js';
import { KINDS } from '../kinds/registry.js';
import { customResourceDefinitions } from './crd.js';
import { structural } from './structural.js';
import type { StructuralSchema } from './structural.js';
import { MESH_TYPES } from './types.js';

describe('a structural schema', () => {
  it('says of each field what the API server can check', () => {
    const schema = message({
      name: text,
      wait: duration,
      port: uint32,
      weight: int32,
      mode: oneOf('A', 'B'),
      hosts: list(message({ labels: mapOf(text) })),
      old: noEffect('nobody uses it'),
      params: {},
    });
    expect(structural(schema)).toEqual({
      type: 'object',
      properties: {
        name: { type: 'string' },
        wait: { type: 'string', format: 'duration' },
        port: { type: 'integer', format: 'int64', minimum: 0, maximum: 4294967295 },
        weight: { type: 'integer', format: 'int32', minimum: -2147483648, maximum: 2147483647 },
        mode: { type: 'string', enum: ['A', 'B'] },
        hosts: {
          type: 'array',
          items: {
            type: 'object',
            properties: { labels: { type: 'object', additionalProperties: { type: 'string' } } },
          },
        },
        old: {
          'x-kubernetes-preserve-unknown-fields': true,
          description: 'Without effect: nobody uses it.',
        },
        params: { 'x-kubernetes-preserve-unknown-fields': true },
      },
    });
  });
});

describe('the definitions', () => {
  const definitions = customResourceDefinitions();

  it('are one for every kind that is read, and for the 23 kinds of Istio 1.4', () => {
    const names = definitions.map(({ metadata }) => metadata.name);
    expect(new Set(names).size).toBe(names.length);
    for (const { plural, group } of KINDS) expect(names).toContain(`${plural}.${group}`);
    const groups = ['networking', 'security', 'authentication', 'rbac', 'config'].map(
      (name) => `${name}.istio.io`,
    );
    expect(names).toEqual(expect.arrayContaining(ISTIO_1_4.map((name) => expect.stringContaining(name))));
    expect(new Set(definitions.map(({ spec }) => spec.group))).toEqual(
      new Set([...groups, 'telemetry.istio.io', 'extensions.istio.io']),
    );
  });

  it('store the newest version, and serve all of them in the same form', () => {
    for (const { spec } of definitions) {
      expect(spec.versions.map(({ storage }) => storage)).toEqual(
        spec.versions.map((_version, at) => at === 0),
      );
      expect(new Set(spec.versions.map(({ schema }) => JSON.stringify(schema))).size).toBe(1);
    }
  });

  it('have a status of their own, and a schema for what is read', () => {
    for (const type of MESH_TYPES) {
      const { spec } = definitions.find(({ metadata }) => metadata.name === `${type.plural}.${type.group}`)!;
      const [{ schema, subresources }] = spec.versions as [(typeof spec.versions)[0]];
      expect(subresources).toEqual({ status: {} });
      const held = schema.openAPIV3Schema.properties?.spec as StructuralSchema;
      expect(held.properties === undefined).toBe(!type.read);
    }
  });
});

const ISTIO_1_4 =
  'virtualservices. destinationrules. serviceentries. gateways. envoyfilters. sidecars. authorizationpolicies. policies. meshpolicies. clusterrbacconfigs. rbacconfigs. serviceroles. servicerolebindings. httpapispecbindings. httpapispecs. quotaspecbindings. quotaspecs. rules. attributemanifests. handlers. instances. templates. adapters.'.split(
    ' ',
  );
