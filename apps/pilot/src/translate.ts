import type { JsonObject } from '#common/proto/json';
import { messageToJson } from '#common/proto/json';
import type { Resource } from '#config';
import { encodeContent } from '#config';
import { generateAll } from './generate/generate-all.js';
import type { TypeUrl, World } from './model/contract.js';
import { TYPE } from './model/contract.js';
import { proxyFromNode } from './model/node.js';
import type { Proxy } from './model/proxy.js';
import type { Environment } from './world/view.js';
import { createWorld } from './world/world.js';

export interface TranslationRequest {
  readonly resources: readonly Resource[];
  /** `sidecar~127.10.0.3~reviews-v1.default~default.svc.cluster.local` */
  readonly proxyNodeId: string;
  /** The node's metadata, as the agent would send it. */
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly environment?: Environment;
}

/** What a proxy would get, in proto3 JSON, each list in the order of the names. */
export interface Translation {
  readonly listeners: readonly JsonObject[];
  readonly routes: readonly JsonObject[];
  readonly clusters: readonly JsonObject[];
  readonly endpoints: readonly JsonObject[];
  /** Configs that filters ask for by name. */
  readonly extensions: readonly JsonObject[];
}

export type TranslationResult =
  { readonly ok: true; readonly translation: Translation } | { readonly ok: false; readonly error: string };

/** Offline translation: config in, Envoy's config out, nothing else needed. */
export function translate(request: TranslationRequest): TranslationResult {
  const node = proxyFromNode({ id: request.proxyNodeId, cluster: '', metadata: request.metadata ?? {} });
  if (!node.ok) return node;
  const world = worldOf(request.resources, request.environment);
  return { ok: true, translation: describeProxy(world, node.proxy) };
}

export function worldOf(resources: readonly Resource[], environment: Environment = {}): World {
  const entries = resources.map((resource): [string, { content: string; origin: typeof NOWHERE }] => {
    return [resource.key, { content: encodeContent(resource), origin: NOWHERE }];
  });
  const state = { epoch: '', revision: 1, stateHash: '', resources: new Map(entries) };
  return createWorld(environment).apply({ kind: 'reset', state, stale: false }).world;
}

const NOWHERE = { file: '', line: 0 };

/**
 * A proxy's whole config as it is at this moment. Route tables are shown whole, under Istio's virtual host names,
 * whatever way they travel.
 */
export function describeProxy(world: World, proxy: Proxy): Translation {
  const generated = generateAll(world, { ...proxy, vhds: false });
  const list = (type: TypeUrl): JsonObject[] =>
    [...(generated.get(type) ?? [])]
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .map(({ value }) => messageToJson(type.slice(type.indexOf('/') + 1), value));
  return {
    listeners: list(TYPE.listener),
    routes: list(TYPE.route),
    clusters: list(TYPE.cluster),
    endpoints: list(TYPE.endpoint),
    extensions: list(TYPE.extension),
  };
}
