import { join } from 'node:path';
import { freePorts } from '#common/free-ports';
import type { Child } from './child.js';
import { startChild } from './child.js';
import { HttpClient } from './measure/http-client.js';
import { BOOKINFO, SMALL_HEAP } from './mesh.js';
import { portNear } from './placement.js';
import { until } from './until.js';
import type { Workspace } from './workspace.js';
import { GATEWAY_PORT } from './workspace.js';

/** Bookinfo without a mesh: the applications call each other's ports, in clear. */
export interface BareBookinfo {
  readonly url: string;
  readonly children: readonly Child[];
}

/** There is nobody to split traffic, so readers see the red stars of version 3 alone. */
export async function startBare(workspace: Workspace): Promise<BareBookinfo> {
  const [details = 0, reviews = 0, ratings = 0] = await freePorts(3);
  const site = await portNear(GATEWAY_PORT);
  const env = {
    ...process.env,
    HTTP_PROXY: '',
    DETAILS_URL: `http://127.0.0.1:${details}`,
    REVIEWS_URL: `http://127.0.0.1:${reviews}`,
    RATINGS_URL: `http://127.0.0.1:${ratings}`,
  };
  const start = (service: string, version: string, port: number): Child =>
    startChild({
      name: service,
      args: [...SMALL_HEAP, BOOKINFO, service, version],
      env: { ...env, LISTEN: `127.0.0.1:${port}` },
      log: join(workspace.logs, `${service}.log`),
    });
  const children = [
    start('details', 'v1', details),
    start('ratings', 'v1', ratings),
    start('reviews', 'v3', reviews),
    start('productpage', 'v1', site),
  ];
  const client = new HttpClient('127.0.0.1', site);
  const page = async (): Promise<boolean> => (await client.get('/productpage')).body.includes('★');
  await until(page, { what: 'the first page', timeoutMs: 20_000 });
  client.close();
  return { url: `http://127.0.0.1:${site}/productpage`, children };
}
