import { beforeAll, describe, it } from '@jest/globals';
import type { HttpCase } from './support/cases.js';
import { checkHttp } from './support/cases.js';
import type { SidecarScene } from './support/scene.js';
import { service, sidecarScene, subsets, virtualService } from './support/scene.js';

/** Each condition sends to v2 what it matches; all else goes to v1. */
const CONDITIONS = [
  '{uri: {exact: /exact}}',
  '{uri: {prefix: /prefix/}}',
  '{uri: {regex: "/items/[0-9]+"}}',
  '{uri: {exact: /CASE}, ignoreUriCase: true}',
  '{method: {exact: DELETE}}',
  '{method: {regex: "PUT|PATCH"}}',
  '{headers: {end-user: {exact: jason}}}',
  '{headers: {agent: {prefix: moz}}}',
  '{headers: {token: {regex: "[a-f0-9]+"}}}',
  '{uri: {prefix: /present}, headers: {x-there: {}}}',
  '{uri: {prefix: /without}, withoutHeaders: {x-gone: {}}}',
  '{uri: {prefix: /not}, withoutHeaders: {x-kind: {exact: bad}}}',
  '{queryParams: {v: {exact: "2"}}}',
  '{queryParams: {w: {prefix: be}}}',
  '{queryParams: {n: {regex: "[0-9]+"}}}',
  '{authority: {prefix: reviews.default.svc.cluster}}',
  '{scheme: {exact: https}, uri: {prefix: /scheme}}',
  '{uri: {prefix: /both}, headers: {x-one: {exact: a}}, queryParams: {q: {exact: b}}}',
  '{uri: {prefix: /mine}, sourceLabels: {app: client}}',
  '{uri: {prefix: /theirs}, sourceLabels: {app: other}}',
  '{uri: {prefix: /namespace}, sourceNamespace: other}',
  '{uri: {prefix: /mesh}, gateways: [mesh]}',
  '{uri: {prefix: /gateway}, gateways: [web]}',
];

const hit = (name: string, rest: Omit<HttpCase, 'name'>): HttpCase => ({ name, by: 'v2', ...rest });
const miss = (name: string, rest: Omit<HttpCase, 'name'>): HttpCase => ({
  name: `not ${name}`,
  by: 'v1',
  ...rest,
});

const CASES: readonly HttpCase[] = [
  hit('an exact path', { path: '/exact' }),
  hit('an exact path with a query', { path: '/exact?a=b' }),
  miss('a longer one', { path: '/exact/more' }),
  hit('a prefix', { path: '/prefix/x' }),
  miss('less than the prefix', { path: '/prefix' }),
  hit('a pattern', { path: '/items/12' }),
  miss('a pattern in part', { path: '/items/12/more' }),
  hit('a path in any case', { path: '/case' }),
  miss('a path in another case', { path: '/EXACT' }),
  hit('a path that is normalised', { path: '/a/../exact' }),
  hit('a method', { method: 'DELETE' }),
  hit('one of several methods', { method: 'PATCH' }),
  miss('another method', { method: 'POST' }),
  hit('a header', { headers: { 'end-user': 'jason' } }),
  miss('another value', { headers: { 'end-user': 'jasons' } }),
  hit('the begin of a header', { headers: { agent: 'mozilla' } }),
  hit('a pattern of a header', { headers: { token: 'c0ffee' } }),
  miss('a pattern of a header in part', { headers: { token: 'c0ffee!' } }),
  hit('a header that is there', { path: '/present', headers: { 'x-there': '' } }),
  miss('one that is not', { path: '/present' }),
  hit('without a header', { path: '/without' }),
  miss('with it', { path: '/without', headers: { 'x-gone': 'a' } }),
  hit('without a value', { path: '/not', headers: { 'x-kind': 'good' } }),
  hit('without the header of a value', { path: '/not' }),
  miss('with the value', { path: '/not', headers: { 'x-kind': 'bad' } }),
  hit('a parameter', { path: '/?a=1&v=2' }),
  miss('a parameter of another value', { path: '/?v=22' }),
  hit('the begin of a parameter', { path: '/?w=better' }),
  hit('a pattern of a parameter', { path: '/?n=42' }),
  hit('an authority', { authority: 'reviews.default.svc.cluster.local' }),
  hit('a scheme', { path: '/scheme', headers: { 'x-forwarded-proto': 'https' } }),
  miss('another scheme', { path: '/scheme' }),
  hit('all conditions', { path: '/both?q=b', headers: { 'x-one': 'a' } }),
  miss('one of them', { path: '/both', headers: { 'x-one': 'a' } }),
  hit('the labels of the caller', { path: '/mine' }),
  miss('labels of another', { path: '/theirs' }),
  miss('another namespace', { path: '/namespace' }),
  hit('the mesh', { path: '/mesh' }),
  miss('a gateway', { path: '/gateway' }),
];

describe('a VirtualService matches', () => {
  let scene: SidecarScene;
  beforeAll(async () => {
    scene = await sidecarScene({
      backends: ['v1', 'v2'],
      config: (portOf, ports) =>
        service(
          'reviews',
          ports,
          ['v1', 'v2'].map((name) => ({ name, port: portOf(name) })),
        ) +
        subsets('reviews', ['v1', 'v2']) +
        virtualService(
          'reviews',
          [
            ...CONDITIONS.map(
              (match) => `- match: [${match}]\n  route: [{destination: {host: reviews, subset: v2}}]`,
            ),
            '- route: [{destination: {host: reviews, subset: v1}}]',
          ].join('\n'),
        ),
    });
  }, 60_000);

  it.each(CASES)('$name', async (one) => {
    await checkHttp(scene, one);
  });
});
