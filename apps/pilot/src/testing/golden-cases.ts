import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import type { Resource } from '#config';
import type { Translation } from '../translate.js';
import { translate } from '../translate.js';
import type { Environment } from '../world/view.js';
import { readResources } from './read-resources.js';

/** A case is a folder: config, a proxy, and what this proxy is to get. */
export interface GoldenCase {
  readonly name: string;
  readonly folder: string;
  readonly resources: readonly Resource[];
  readonly proxy: ProxyFile;
}

interface ProxyFile {
  readonly id: string;
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly environment?: Environment;
}

const TESTDATA = fileURLToPath(new URL('../../testdata', import.meta.url));

export function goldenCases(): GoldenCase[] {
  const folders = readdirSync(TESTDATA, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return folders
    .map(({ name }) => {
      const folder = join(TESTDATA, name);
      const resources = readResources(readFileSync(join(folder, 'input.yaml'), 'utf8'));
      const proxy = parse(readFileSync(join(folder, 'proxy.yaml'), 'utf8')) as ProxyFile;
      return { name, folder, resources, proxy };
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Those whose proxy is Envoy, rather than gRPC's own client. */
export function envoyCases(): GoldenCase[] {
  return goldenCases().filter(({ proxy }) => proxy.metadata?.['GENERATOR'] !== 'grpc');
}

export function translateCase({ resources, proxy }: GoldenCase): Translation {
  const { id, metadata = {}, environment = {} } = proxy;
  const result = translate({ resources, proxyNodeId: id, metadata, environment });
  if (!result.ok) throw new Error(result.error);
  return result.translation;
}
