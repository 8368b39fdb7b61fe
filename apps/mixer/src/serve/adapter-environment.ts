import { createWriteStream } from 'node:fs';
import type { Writable } from 'node:stream';
import type { Logger } from '#common/service';
import type { AdapterEnvironment } from '../adapters/index.js';
import { MetricRegistry } from '../adapters/index.js';

/** Bytes waiting for whoever reads a log. Lines beyond it are dropped: telemetry must not fill the memory. */
const MAX_BACKLOG = 4 * 1024 * 1024;
const MAX_TEXT = 1024 * 1024;
const FETCH_TIMEOUT_MS = 10_000;

/** What adapters may do to the world, in a real process. */
export function adapterEnvironment(log: Logger): Omit<AdapterEnvironment, 'workloads'> {
  const lines = new LineWriter(log);
  return {
    now: Date.now,
    log: (level, fields, message) => log[level](fields, message),
    writeLine: (target, line) => lines.write(target, line),
    fetchText,
    metrics: new MetricRegistry(),
  };
}

class LineWriter {
  private readonly files = new Map<string, Writable>();
  private readonly dropping = new Set<Writable>();

  constructor(private readonly log: Logger) {}

  write(target: string, line: string): void {
    const stream = this.streamFor(target);
    if (stream.writableLength > MAX_BACKLOG) {
      if (!this.dropping.has(stream))
        this.log.warn({ target }, 'nobody reads the log lines: they are dropped');
      this.dropping.add(stream);
      return;
    }
    this.dropping.delete(stream);
    stream.write(`${line}\n`);
  }

  private streamFor(target: string): Writable {
    if (target === 'STDOUT') return process.stdout;
    if (target === 'STDERR') return process.stderr;
    let file = this.files.get(target);
    if (!file) {
      file = createWriteStream(target, { flags: 'a', mode: 0o640 });
      file.on('error', (error) => {
        this.log.error({ err: error, target }, 'cannot write log lines');
        this.files.delete(target);
      });
      this.files.set(target, file);
    }
    return file;
  }
}

async function fetchText(url: string): Promise<string> {
  const response = await fetch(url, { signal: AbortSignal.timeout(FETCH_TIMEOUT_MS) });
  if (!response.ok || !response.body) throw new Error(`HTTP ${response.status}`);
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > MAX_TEXT) throw new Error(`longer than ${MAX_TEXT} bytes`);
  }
  return text;
}
