import { beforeAll, describe, it } from '@jest/globals';
import type { HttpCase } from './support/cases.js';
import { checkHttp } from './support/cases.js';
import type { SidecarScene } from './support/scene.js';
import { service, sidecarScene, virtualService } from './support/scene.js';

const ROUTE = '  route: [{destination: {host: reviews}}]';
const ROUTES = `
- match: [{uri: {prefix: /prefix/}}]
  rewrite: {uri: /new/}
${ROUTE}
- match: [{uri: {exact: /exact}}]
  rewrite: {uri: /whole}
${ROUTE}
- match: [{uri: {regex: "/regular.*"}}]
  rewrite: {uri: /all}
${ROUTE}
- match: [{uri: {prefix: /groups}}]
  rewrite: {uriRegexRewrite: {match: "^/groups/([^/]+)/(.*)$", rewrite: '/\\2/of/\\1'}}
${ROUTE}
- match: [{uri: {prefix: /authority}}]
  rewrite: {authority: inside.example.com}
${ROUTE}
- match: [{uri: {prefix: /host}}]
  headers: {request: {set: {Host: set.example.com}}}
${ROUTE}
- match: [{uri: {prefix: /set}}]
  headers: {request: {set: {x-a: new, x-b: other}}}
${ROUTE}
- match: [{uri: {prefix: /add}}]
  headers: {request: {add: {x-a: more}}}
${ROUTE}
- match: [{uri: {prefix: /remove}}]
  headers: {request: {remove: [x-a]}}
${ROUTE}
- match: [{uri: {prefix: /answer}}]
  headers: {response: {set: {x-backend: hidden}, add: {x-old: more}, remove: [content-type]}}
${ROUTE}
- match: [{uri: {prefix: /levels}}]
  headers: {request: {set: {x-a: route}}}
  route:
  - destination: {host: reviews}
    headers: {request: {set: {x-b: target}}, response: {remove: [x-old]}}
- match: [{uri: {prefix: /weighted}}]
  route:
  - destination: {host: reviews}
    weight: 50
    headers: {request: {set: {x-b: target}}}
  - destination: {host: reviews}
    weight: 50
    headers: {request: {set: {x-b: target}}}
- match: [{uri: {prefix: /to-path}}]
  redirect: {uri: /else}
- match: [{uri: {prefix: /to-prefix}}]
  redirect: {prefixRewrite: /else}
- match: [{uri: {prefix: /to-host}}]
  redirect: {authority: new.example.com, redirectCode: 302}
- match: [{uri: {prefix: /to-scheme}}]
  redirect: {scheme: https, redirectCode: 307}
- match: [{uri: {prefix: /to-port}}]
  redirect: {port: 8443, redirectCode: 308}
- match: [{uri: {prefix: /to-all}}]
  redirect: {scheme: https, authority: new.example.com, uri: "/x?y=z", redirectCode: 303}
- match: [{uri: {prefix: /text}}]
  directResponse: {status: 403, body: {string: "not here"}}
  headers: {response: {set: {x-told: "yes"}}}
- match: [{uri: {prefix: /bytes}}]
  directResponse: {status: 200, body: {bytes: aGVsbG8=}}
- match: [{uri: {prefix: /bodiless}}]
  directResponse: {status: 503}
- match: [{uri: {prefix: /known}}]
${ROUTE}
`;

const served = (name: string, path: string, saw: HttpCase['saw'], rest: Partial<HttpCase> = {}): HttpCase => {
  return { name, path, by: 'one', ...(saw && { saw }), ...rest };
};
const redirected = (name: string, path: string, status: number, location: string): HttpCase => {
  return { name, path, status, answer: { location } };
};
const OWN = { headers: { 'x-a': 'old' } };

const CASES: readonly HttpCase[] = [
  served('rewrites a prefix', '/prefix/a/b?c=d', { path: '/new/a/b?c=d' }),
  served('rewrites an exact path', '/exact?c=d', { path: '/whole?c=d' }),
  served('rewrites all that a pattern matched', '/regular/a', { path: '/all' }),
  served('rewrites by groups', '/groups/one/two?c', { path: '/two/of/one?c' }),
  served('leaves what no group matches', '/groups', { path: '/groups' }),
  served('rewrites the authority', '/authority', { host: 'inside.example.com' }),
  served('sets the authority as a header', '/host', { host: 'set.example.com' }),
  served('keeps the authority', '/known', { host: 'reviews' }),
  served('sets headers', '/set', { headers: { 'x-a': 'new', 'x-b': 'other' } }, OWN),
  served('adds to a header', '/add', { headers: { 'x-a': 'old, more' } }, OWN),
  served('adds a header', '/add', { headers: { 'x-a': 'more' } }),
  served('removes a header', '/remove', { headers: { 'x-a': undefined } }, OWN),
  served('changes the answer', '/answer', {}, { answer: { 'x-backend': 'hidden', 'x-old': 'old, more' } }),
  served(
    'changes headers at both levels',
    '/levels',
    { headers: { 'x-a': 'route', 'x-b': 'target' } },
    {
      answer: { 'x-old': undefined },
    },
  ),
  served('changes headers per weighted target', '/weighted', { headers: { 'x-b': 'target' } }),
  redirected('redirects to a path', '/to-path/a?b=c', 301, 'http://reviews/else?b=c'),
  redirected('redirects a prefix', '/to-prefix/a?b=c', 301, 'http://reviews/else/a?b=c'),
  redirected('redirects to a host', '/to-host/a', 302, 'http://new.example.com/to-host/a'),
  redirected('redirects to a scheme', '/to-scheme', 307, 'https://reviews/to-scheme'),
  redirected('redirects to a port', '/to-port', 308, 'http://reviews:8443/to-port'),
  redirected('redirects to all at once', '/to-all/a?b', 303, 'https://new.example.com/x?y=z'),
  { name: 'answers by itself', path: '/text', status: 403, body: 'not here', answer: { 'x-told': 'yes' } },
  { name: 'answers with bytes', path: '/bytes', status: 200, body: 'hello' },
  { name: 'answers with a status alone', path: '/bodiless', status: 503, body: '' },
  { name: 'answers 404 where no route is for a request', path: '/nowhere', status: 404 },
];

describe('a VirtualService', () => {
  let scene: SidecarScene;
  beforeAll(async () => {
    scene = await sidecarScene({
      backends: ['one'],
      config: (portOf, ports) =>
        service('reviews', ports, [{ name: 'one', port: portOf('one') }]) + virtualService('reviews', ROUTES),
    });
  }, 60_000);

  it.each(CASES)('$name', async (one) => {
    await checkHttp(scene, one);
  });
});
