import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import { isConflict, KubeError, PATCH, resourcePath } from '#common/kube';
import type { KubeClient, ResourceType } from '#common/kube';
import type { WrittenObject } from './written-object.js';

const EVENTS: ResourceType = { group: 'events.k8s.io', version: 'v1', plural: 'events' };
const CONTROLLER = 'istio.io/galley';
/** The API server's own bound. */
const MAX_NOTE = 1_024;

interface EventObject {
  readonly series?: { readonly count: number };
}

/**
 * Tells of an object what somebody who looks at it should know. The same again is the same event, counted.
 *
 * @throws KubeError
 * @see https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/
 */
export async function recordEvent(
  client: KubeClient,
  object: WrittenObject,
  { reason, action, note }: { readonly reason: string; readonly action: string; readonly note: string },
): Promise<void> {
  const { apiVersion, kind, namespace = 'default', name, uid } = object;
  const print = createHash('sha256').update([uid, reason, note].join('\0')).digest('hex').slice(0, 16);
  const eventName = `${name.slice(0, 200)}.${print}`;
  const time = microTime();
  const body = {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { name: eventName, namespace },
    ...{ eventTime: time, type: 'Warning', reason, action, note: note.slice(0, MAX_NOTE) },
    reportingController: CONTROLLER,
    reportingInstance: hostname(),
    regarding: { apiVersion, kind, name, uid, ...(object.namespace !== undefined && { namespace }) },
  };
  try {
    await client.send('POST', resourcePath(EVENTS, namespace), { body });
  } catch (error) {
    if (!isConflict(error)) throw error;
    await countAgain(client, resourcePath(EVENTS, namespace, eventName), time);
  }
}

async function countAgain(client: KubeClient, path: string, time: string): Promise<void> {
  try {
    const { series } = await client.get<EventObject>(path);
    const again = { series: { count: (series?.count ?? 1) + 1, lastObservedTime: time } };
    await client.send('PATCH', path, { body: again, contentType: PATCH.merge });
  } catch (error) {
    // Its hour was just over: then nobody misses it.
    if (!(error instanceof KubeError && error.status === 404)) throw error;
  }
}

function microTime(): string {
  return new Date().toISOString().replace('Z', '000Z');
}
