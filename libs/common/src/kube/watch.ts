import type { KubeClient, Query } from './client.js';
import { KubeError, type StatusBody } from './errors.js';
import { linesOf } from './lines.js';
import type { KubeObject } from './objects.js';

export type WatchEvent<T> =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: T }
  /** Nothing happened up to this resourceVersion. */
  | { readonly type: 'BOOKMARK'; readonly object: T };

export interface WatchOptions {
  readonly query?: Query;
  readonly resourceVersion: string;
  /** The server ends the watch after this time. */
  readonly seconds: number;
  /** Milliseconds without a byte after which the connection counts as dead: the server sends a bookmark a minute. */
  readonly silence: number;
  readonly signal: AbortSignal;
  /** The server has begun to answer. */
  readonly onOpen?: () => void;
}

/**
 * What happens to a collection from a resourceVersion on, until the server ends the watch.
 *
 * @throws KubeError: `Expired` where the server does not know that moment any more, `Silent` where it says nothing
 * @see https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
 */
export async function* watchEvents<T extends KubeObject>(
  client: KubeClient,
  path: string,
  options: WatchOptions,
): AsyncGenerator<WatchEvent<T>> {
  const { query, resourceVersion, seconds, signal } = options;
  const silence = new Silence(options.silence);
  try {
    const response = await client.stream(path, {
      query: { ...query, watch: true, allowWatchBookmarks: true, resourceVersion, timeoutSeconds: seconds },
      signal: AbortSignal.any([signal, silence.signal]),
    });
    options.onOpen?.();
    response.on('data', () => silence.broken());
    for await (const line of linesOf(response)) yield eventOf<T>(line);
  } catch (error) {
    throw silence.signal.aborted ? (silence.signal.reason as Error) : unreachable(error);
  } finally {
    silence.end();
  }
}

function eventOf<T extends KubeObject>(line: string): WatchEvent<T> {
  const event = JSON.parse(line) as WatchEvent<T> | { readonly type: 'ERROR'; readonly object: StatusBody };
  if (event.type !== 'ERROR') return event;
  const { code = 0, reason = '', message = 'the watch failed' } = event.object;
  throw new KubeError(code, reason, message);
}

function unreachable(error: unknown): KubeError {
  if (error instanceof KubeError) return error;
  return new KubeError(0, 'Unreachable', (error as Error).message, undefined, { cause: error });
}

/** Aborts when nothing was heard for some time. */
class Silence {
  private readonly abort = new AbortController();
  private readonly timer: NodeJS.Timeout;

  constructor(limit: number) {
    const give = (): void =>
      this.abort.abort(new KubeError(0, 'Silent', `nothing was heard for ${limit} ms`));
    this.timer = setTimeout(give, limit);
  }

  get signal(): AbortSignal {
    return this.abort.signal;
  }

  broken(): void {
    this.timer.refresh();
  }

  end(): void {
    clearTimeout(this.timer);
  }
}
