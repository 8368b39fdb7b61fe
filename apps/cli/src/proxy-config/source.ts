import { readFile } from 'node:fs/promises';
import { text as read } from 'node:stream/consumers';
import { recallControlPlane } from '../up/control-plane.js';
import type { ConfigDump, Json } from './dump.js';
import { parseDump, parseJson } from './dump.js';

/** Whom to ask for what a proxy holds; the first that is set counts. */
export interface SourceOptions {
  /** A saved dump; `-` for standard input. */
  readonly file?: string | undefined;
  /** Envoy's admin interface, `HOST:PORT`: what Envoy itself holds. */
  readonly admin?: string | undefined;
  /** Node id or `<pod>.<namespace>`: what Pilot has sent to it. */
  readonly proxy?: string | undefined;
  /** Pilot's debug port; that of the control plane on `state` where it is not given. */
  readonly pilot?: string | undefined;
  readonly tokenFile?: string | undefined;
  readonly state: string;
}

const ANSWER_LIMIT_MS = 10_000;

export async function readDump(options: SourceOptions): Promise<ConfigDump> {
  const { file, admin, proxy } = options;
  if (file !== undefined) return parseDump(await readText(file), file);
  if (admin !== undefined) {
    const url = `http://${admin}/config_dump?include_eds`;
    return parseDump(await get(url), url);
  }
  if (proxy === undefined)
    throw new Error('name a proxy, or say where to look: --admin HOST:PORT or -f FILE');
  const pilot = options.pilot ?? (await pilotOf(options.state));
  const url = `http://${pilot}/debug/config_dump?proxyID=${encodeURIComponent(proxy)}`;
  return parseDump(await get(url, await authorization(options.tokenFile)), url);
}

/** Envoy's view of its endpoints; undefined where it is not Envoy that is asked. */
export async function readClusters({ file, admin }: SourceOptions): Promise<Json | undefined> {
  if (file !== undefined || admin === undefined) return undefined;
  const url = `http://${admin}/clusters?format=json`;
  return parseJson(await get(url), url);
}

async function pilotOf(state: string): Promise<string> {
  const { pilot } = recallControlPlane(state);
  if (!pilot) throw new Error(`the control plane on ${state} runs no Pilot: name one with --pilot HOST:PORT`);
  return pilot.http;
}

async function authorization(tokenFile: string | undefined): Promise<Record<string, string>> {
  if (tokenFile === undefined) return {};
  return { authorization: `Bearer ${(await readFile(tokenFile, 'utf8')).trim()}` };
}

async function get(url: string, headers: Record<string, string> = {}): Promise<string> {
  const response = await fetch(url, { headers, signal: AbortSignal.timeout(ANSWER_LIMIT_MS) }).catch(
    (error: Error) => {
      const cause = error.cause instanceof Error ? error.cause.message : error.message;
      throw new Error(`${url} does not answer: ${cause}`);
    },
  );
  const body = await response.text();
  if (!response.ok) throw new Error(`${url} answers ${response.status}: ${body.slice(0, 300)}`);
  return body;
}

function readText(file: string): Promise<string> {
  return file === '-' ? read(process.stdin) : readFile(file, 'utf8');
}
