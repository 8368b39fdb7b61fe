import type { ResourceKey } from '#config';
import type { Generator, TypeUrl, World, WorldView } from '../model/contract.js';
import type { Proxy } from '../model/proxy.js';
import { generators } from './generators.js';

export interface Generated {
  readonly name: string;
  readonly value: Uint8Array;
  readonly sources: readonly ResourceKey[];
}

/** All resources of a proxy by type, made from scratch. */
export function generateAll(world: World, proxy: Proxy): ReadonlyMap<TypeUrl, readonly Generated[]> {
  return new Map(generators.map((generator) => [generator.type, generateType(generator, world, proxy)]));
}

function allNames(generator: Generator, view: WorldView, proxy: Proxy): string[] {
  return [...new Set([...generator.names(view, proxy), ...(generator.ownNames?.(view, proxy) ?? [])])];
}

function generateType(generator: Generator, world: World, proxy: Proxy): Generated[] {
  const view = world.view(() => undefined);
  return allNames(generator, view, proxy).flatMap((name) => {
    const inputs = generator.select(view, proxy, name);
    return inputs ? [{ name, ...generator.generate(inputs) }] : [];
  });
}
