import { expect, it } from '@jest/globals';
import { readConfig } from '../read/config.js';

interface Named {
  readonly name: string;
  readonly namespace?: string;
  readonly creationTimestamp?: string;
}

function resource(kind: string, metadata: Named, spec: object): string {
  return JSON.stringify({ apiVersion: 'networking.istio.io/v1', kind, metadata, spec });
}

const answer = { directResponse: { status: 200 } };

/** Code, resource, path and words of everything that is found, references to services apart. */
function findings(...texts: string[]): string[][] {
  const { diagnostics } = readConfig([{ path: 'a.yaml', text: texts.join('\n---\n') }]);
  return diagnostics.map(({ code, resource = '', path, message }) => [
    code,
    resource.split('/').slice(2).join('/'),
    path,
    message,
  ]);
}

it('reports a second VirtualService for a host of the mesh, unless nobody sees both', () => {
  const one = (metadata: Named, hosts: string[], more: object = {}): string =>
    resource('VirtualService', metadata, { hosts, http: [answer], ...more });
  const old = one({ name: 'old', creationTimestamp: '2020-01-01T00:00:00Z' }, ['a', 'b.example.com']);
  const young = { name: 'a-young', creationTimestamp: '2021-01-01T00:00:00Z' };
  expect(findings(one(young, ['c', 'a.default.svc.cluster.local']), old)).toEqual([
    ['IST0109', 'default/a-young', 'spec.hosts[1]', expect.stringContaining('default/old')],
  ]);
  const elsewhere = { ...young, namespace: 'elsewhere' };
  const secret = one({ name: 'secret' }, ['b.example.com'], { exportTo: ['.'] });
  expect(findings(one(elsewhere, ['b.example.com'], { exportTo: ['.'] }), secret)).toEqual([]);
  expect(findings(one(elsewhere, ['a']), old)).toEqual([]);
});

it('reports what cannot be delegated to, and what a delegate cannot add', () => {
  const root = resource(
    'VirtualService',
    { name: 'root' },
    {
      hosts: ['a'],
      http: [
        { match: [{ uri: { prefix: '/a' } }], delegate: { name: 'part' } },
        { match: [{ uri: { prefix: '/b' } }], delegate: { name: 'hidden', namespace: 'other' } },
        { match: [{ uri: { prefix: '/c' } }], delegate: { name: 'whole' } },
        { match: [{ uri: { prefix: '/d' } }], delegate: { name: 'nowhere' } },
      ],
    },
  );
  const part = { http: [{ match: [{ uri: { prefix: '/z' } }], ...answer }, answer] };
  const found = findings(
    root,
    resource('VirtualService', { name: 'part' }, part),
    resource('VirtualService', { name: 'hidden', namespace: 'other' }, { http: [answer], exportTo: ['.'] }),
    resource('VirtualService', { name: 'whole' }, { hosts: ['z'], http: [answer] }),
  );
  expect(found).toEqual([
    ['IST0101', 'default/root', 'spec.http[3].delegate', expect.stringContaining('default/nowhere')],
    [
      'QT0012',
      'default/root',
      'spec.http[0].delegate',
      expect.stringContaining('http[0] of delegate default/part'),
    ],
    ['IST0101', 'default/root', 'spec.http[1].delegate', expect.stringContaining('not exported to default')],
    ['IST0101', 'default/root', 'spec.http[2].delegate', expect.stringContaining('has hosts')],
  ]);
});

it('reports a gateway that has none of the hosts', () => {
  const gateway = resource(
    'Gateway',
    { name: 'web' },
    {
      servers: [
        { port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts: ['*.example.com', 'other/*'] },
      ],
    },
  );
  const bound = (hosts: string[]): string =>
    resource('VirtualService', { name: 'v' }, { hosts, gateways: ['web'], http: [answer] });
  expect(findings(gateway, bound(['a.example.com', 'b.example.org']))).toEqual([]);
  expect(findings(gateway, bound(['b.example.org']))).toEqual([
    ['IST0132', 'default/v', 'spec.gateways[0]', expect.stringContaining('b.example.org')],
  ]);
});
