import { beforeAll, describe, it } from '@jest/globals';
import type { HttpCase } from './support/cases.js';
import { checkHttp } from './support/cases.js';
import type { SidecarScene } from './support/scene.js';
import { service, sidecarScene, virtualService } from './support/scene.js';

const policy = (path: string, text: string): string => `
- match: [{uri: {prefix: ${path}}}]
  corsPolicy: ${text}
  route: [{destination: {host: reviews}}]`;

const ROUTES =
  policy(
    '/full',
    '{allowOrigins: [{exact: "https://a.example"}, {regex: "https://.*[.]test"}], allowMethods: [GET, PUT], ' +
      'allowHeaders: [x-one, x-two], exposeHeaders: [x-seen], maxAge: 1m, allowCredentials: true}',
  ) +
  policy('/strict', '{allowOrigins: [{prefix: "https://a."}], unmatchedPreflights: IGNORE}') +
  policy('/older', '{allowOrigin: ["*"]}');

const from = (origin: string) => ({ headers: { origin } });
const preflight = (origin: string) => ({
  method: 'OPTIONS',
  headers: { origin, 'access-control-request-method': 'PUT' },
});

const CASES: readonly HttpCase[] = [
  {
    name: 'answers a preflight',
    path: '/full',
    ...preflight('https://a.example'),
    answer: {
      'access-control-allow-origin': 'https://a.example',
      'access-control-allow-methods': 'GET,PUT',
      'access-control-allow-headers': 'x-one,x-two',
      'access-control-allow-credentials': 'true',
      'access-control-max-age': '60',
    },
  },
  {
    name: 'answers a preflight of an origin by pattern',
    path: '/full',
    ...preflight('https://x.test'),
    answer: { 'access-control-allow-origin': 'https://x.test' },
  },
  {
    name: 'forwards the preflight of another origin',
    path: '/full',
    ...preflight('https://b.example'),
    by: 'one',
    answer: { 'access-control-allow-origin': undefined },
  },
  {
    name: 'lets an origin read the answer',
    path: '/full',
    ...from('https://a.example'),
    by: 'one',
    answer: { 'access-control-allow-origin': 'https://a.example', 'access-control-expose-headers': 'x-seen' },
  },
  {
    name: 'lets another origin not',
    path: '/full',
    ...from('https://b.example'),
    by: 'one',
    answer: { 'access-control-allow-origin': undefined },
  },
  {
    name: 'leaves the application an OPTIONS that is no preflight',
    path: '/full',
    method: 'OPTIONS',
    by: 'one',
  },
  {
    name: 'ignores unmatched preflights where told so',
    path: '/strict',
    ...preflight('https://b.example'),
    answer: { 'access-control-allow-origin': undefined },
  },
  {
    name: 'takes an origin by its begin',
    path: '/strict',
    ...preflight('https://a.b.c'),
    answer: { 'access-control-allow-origin': 'https://a.b.c' },
  },
  {
    name: 'takes all origins in the older form',
    path: '/older',
    ...from('https://any.where'),
    by: 'one',
    answer: { 'access-control-allow-origin': 'https://any.where' },
  },
];

describe('a CORS policy', () => {
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
