import type { KubeClient, Query } from './client.js';
import type { KubeObject } from './objects.js';

interface Page<T> {
  readonly metadata: { readonly resourceVersion?: string; readonly continue?: string };
  readonly items: readonly T[] | null;
}

export interface ListOptions {
  readonly query?: Query;
  /** Objects per request; by default 500. */
  readonly pageSize?: number;
  readonly signal?: AbortSignal;
}

const PAGE_SIZE = 500;

/**
 * A whole collection, page by page, as it was at one moment; returns the resourceVersion of that moment, from which a
 * watch goes on.
 *
 * @throws KubeError; `Expired` where reading all pages took longer than the server keeps that moment
 * @see https://kubernetes.io/docs/reference/using-api/api-concepts/#retrieving-large-results-sets-in-chunks
 */
export async function* listPages<T extends KubeObject>(
  client: KubeClient,
  path: string,
  { query = {}, pageSize = PAGE_SIZE, signal }: ListOptions = {},
): AsyncGenerator<readonly T[], string> {
  let token: string | undefined;
  for (;;) {
    const { metadata, items } = await client.get<Page<T>>(path, {
      query: { ...query, limit: pageSize, continue: token },
      ...(signal && { signal }),
    });
    yield items ?? [];
    if (!metadata.continue) return metadata.resourceVersion ?? '';
    token = metadata.continue;
  }
}
