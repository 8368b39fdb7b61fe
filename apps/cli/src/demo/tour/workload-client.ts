import { HttpClient, type GetOptions, type HttpAnswer } from '../measure/http-client.js';
import type { Mesh } from '../mesh.js';

/**
 * Calls as a workload's application does: in absolute form, through the HTTP proxy of its sidecar, which adds the
 * workload's identity.
 */
export class WorkloadClient {
  private readonly client: HttpClient;

  constructor(mesh: Mesh, name: string) {
    const { address, proxyPort } = mesh.proxy(name).workload;
    this.client = new HttpClient(address, proxyPort);
  }

  get(url: string, options: GetOptions = {}): Promise<HttpAnswer> {
    return this.client.get(url, { ...options, host: new URL(url).host });
  }

  /** `count` calls, at most ten at once. */
  async many(count: number, call: (n: number) => Promise<HttpAnswer>): Promise<HttpAnswer[]> {
    const answers: HttpAnswer[] = [];
    let next = 0;
    const worker = async () => {
      while (next < count) answers.push(await call(next++));
    };
    await Promise.all(Array.from({ length: Math.min(10, count) }, worker));
    return answers;
  }

  close(): void {
    this.client.close();
  }
}

/** Runs an action with a client of this workload. */
export async function asWorkload<T>(
  mesh: Mesh,
  name: string,
  action: (client: WorkloadClient) => Promise<T>,
): Promise<T> {
  const client = new WorkloadClient(mesh, name);
  try {
    return await action(client);
  } finally {
    client.close();
  }
}

/** Which version of reviews answered, by what it says of itself. */
export function reviewsVersion({ status, body }: HttpAnswer): string {
  return /"podname":"reviews-(v\d)"/.exec(body)?.[1] ?? `status ${status}`;
}
