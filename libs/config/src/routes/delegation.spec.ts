import { describe, expect, it } from '@jest/globals';
import type { HTTPMatchRequest, HTTPRoute } from '../kinds/networking.js';
import { delegated } from './delegation.js';

function delegation(root: HTTPRoute, ...http: HTTPRoute[]) {
  return delegated(root, 'root', { namespace: 'leaf', spec: { http } });
}

/** The merged matches of one pair; undefined where the delegate's route contradicts the root's. */
function matches(root: HTTPMatchRequest, own: HTTPMatchRequest): HTTPMatchRequest[] | undefined {
  return delegation({ match: [root] }, { match: [own] }).routes[0]?.match;
}

describe('delegated', () => {
  it('takes from the root what the delegate leaves out, and nothing else', () => {
    const root: HTTPRoute = {
      name: 'root',
      delegate: { name: 'd' },
      timeout: '1s',
      headers: { request: { remove: ['x'] } },
      mirrors: [{ destination: { host: 'copy' } }],
    };
    const own: HTTPRoute = { name: 'own', timeout: '2s', route: [{ destination: { host: 'a' } }] };
    expect(delegation(root, own).routes).toEqual([
      {
        name: 'root-own',
        timeout: '2s',
        headers: { request: { remove: ['x'] } },
        mirrors: [{ destination: { host: 'copy.root.svc.cluster.local' } }],
        route: [{ destination: { host: 'a.leaf.svc.cluster.local' } }],
      },
    ]);
  });

  it('leaves out the routes that contradict the root, and those alone', () => {
    const root: HTTPRoute = { match: [{ uri: { prefix: '/a' } }, { uri: { prefix: '/b' } }] };
    const own = [{ uri: { prefix: '/c' } }, { uri: { exact: '/b/x' } }].map((match) => ({ match: [match] }));
    const { routes, conflicts } = delegation(root, ...own, {});
    expect(conflicts).toEqual([0]);
    expect(routes.map(({ match }) => match)).toEqual([[{ uri: { exact: '/b/x' } }], root.match]);
  });

  it('writes gateways in full, each in the namespace it stands in', () => {
    expect(matches({ gateways: ['web', 'mesh'] }, {})?.[0]?.gateways).toEqual(['root/web', 'mesh']);
    expect(matches({}, { gateways: ['web'] })?.[0]?.gateways).toEqual(['leaf/web']);
    expect(matches({ gateways: ['web'] }, { gateways: ['root/web'] })?.[0]?.gateways).toEqual(['root/web']);
  });

  it.each<[HTTPMatchRequest, HTTPMatchRequest, HTTPMatchRequest]>([
    [{ name: 'r' }, { name: 'o' }, { name: 'r-o' }],
    [{ uri: { prefix: '/a' } }, { uri: { prefix: '/a/b' } }, { uri: { prefix: '/a/b' } }],
    [
      { uri: { prefix: '/a' } },
      { method: { exact: 'GET' } },
      { uri: { prefix: '/a' }, method: { exact: 'GET' } },
    ],
    [{ uri: { regex: '/a' } }, { port: 80 }, { uri: { regex: '/a' }, port: 80 }],
    [
      { headers: { a: { exact: '1' } }, sourceLabels: { app: 'x' } },
      { headers: { b: {} }, sourceLabels: { version: 'v1' } },
      { headers: { a: { exact: '1' }, b: {} }, sourceLabels: { app: 'x', version: 'v1' } },
    ],
  ])('joins %j and %j', (root, own, expected) => expect(matches(root, own)).toEqual([expected]));

  it.each<[HTTPMatchRequest, HTTPMatchRequest]>([
    [{ uri: { prefix: '/a/b' } }, { uri: { prefix: '/a' } }],
    [{ uri: { exact: '/a' } }, { uri: { prefix: '/a' } }],
    [{ uri: { regex: '/a' } }, { uri: { regex: '/a' } }],
    [{ method: { exact: 'GET' } }, { method: { exact: 'PUT' } }],
    [{ headers: { a: { exact: '1' } } }, { headers: { a: { exact: '2' } } }],
    [{ withoutHeaders: { a: { exact: '1' } } }, { withoutHeaders: { a: { prefix: '1' } } }],
    [{ queryParams: { a: { exact: '1' } } }, { queryParams: { a: { exact: '2' } } }],
    [{ ignoreUriCase: true }, {}],
    [{ port: 80 }, { port: 81 }],
    [{ sourceNamespace: 'a' }, {}],
    [{ sourceLabels: { app: 'a' } }, { sourceLabels: { app: 'b' } }],
    [{ gateways: ['web'] }, { gateways: ['mesh'] }],
  ])('sees %j contradict %j', (root, own) => expect(matches(root, own)).toBeUndefined());
});
