import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import type { Resource } from '../resource.js';
import { enforcedBy } from './describe.js';
import { enforcementPage } from './page.js';
import { ENFORCEMENT } from './rows.js';

const resource = (kind: string, spec: unknown): Resource => ({
  ...{ key: `g/${kind}/default/a`, group: 'g', kind, namespace: 'default', name: 'a' },
  ...{ labels: {}, annotations: {}, creationTimestamp: '', spec },
});
const told = (kind: string, spec: unknown) =>
  Object.fromEntries(enforcedBy(resource(kind, spec)).map(({ row, by }) => [row.id, by]));

describe('enforcement', () => {
  it('is told by what a resource states and by what it is bound to', () => {
    const http = [{ timeout: '1s', route: [{ destination: { host: 'a' } }] }];
    expect(told('VirtualService', { http })).toEqual({
      'http-match': ['caller'],
      'http-timeout': ['caller'],
    });
    expect(told('VirtualService', { gateways: ['edge'], http })['http-timeout']).toEqual(['gateway']);
    expect(told('VirtualService', { gateways: ['mesh', 'edge'], http })['http-match']).toEqual([
      'caller',
      'gateway',
    ]);
    expect(told('PeerAuthentication', { mtls: { mode: 'STRICT' } })).toEqual({ mtls: ['callee'] });
    expect(told('Sidecar', { egress: [], ingress: [{}] })).toEqual({ ingress: ['callee'] });
    expect(told('DestinationRule', { subsets: [{ trafficPolicy: { tls: {} } }] })).toEqual({
      'client-tls': ['caller', 'gateway'],
      subsets: ['caller', 'gateway'],
    });
    expect(told('EnvoyFilter', { configPatches: [{ match: { context: 'SIDECAR_INBOUND' } }] })).toEqual({
      patches: ['callee'],
    });
    expect(told('handler', {})).toEqual({});
  });

  it('has each row once, and the page that is made of them', () => {
    const names = ENFORCEMENT.map(({ kind, id }) => `${kind} ${id}`);
    expect(new Set(names).size).toBe(names.length);
    const file = new URL('../../../../docs/enforcement.md', import.meta.url);
    const page = enforcementPage(ENFORCEMENT);
    if (process.env['UPDATE_GOLDENS'] === '1') writeFileSync(file, page);
    expect(readFileSync(file, 'utf8')).toBe(page);
  });
});
