import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface ProcessInfo {
  readonly pid: number;
  readonly parent: number;
  /** Bytes in memory, pages that it shares with others included. */
  readonly rss: number;
  /** CPU time used so far, in milliseconds. */
  readonly cpuMs: number;
  readonly command: string;
}

/** Every process of this host. */
export async function listProcesses(): Promise<ProcessInfo[]> {
  const { stdout } = await run('ps', ['-A', '-o', 'pid=,ppid=,rss=,time=,args='], { maxBuffer: 1 << 26 });
  return stdout.split('\n').flatMap((line) => {
    const [, pid, parent, rss, time = '', command = ''] =
      /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? [];
    if (pid === undefined) return [];
    return [
      { pid: Number(pid), parent: Number(parent), rss: Number(rss) * 1024, cpuMs: parseTime(time), command },
    ];
  });
}

/** `[DD-]HH:MM:SS` (Linux) or `MM:SS.ss` (macOS). */
function parseTime(text: string): number {
  const [days, clock = ''] = text.includes('-') ? text.split('-') : ['0', text];
  const seconds = clock.split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
  return (Number(days) * 86_400 + seconds) * 1000;
}

/** The given processes and all that descend from them. */
export function descendants(all: readonly ProcessInfo[], roots: readonly number[]): ProcessInfo[] {
  const children = new Map<number, ProcessInfo[]>();
  for (const info of all) children.set(info.parent, [...(children.get(info.parent) ?? []), info]);
  const found = all.filter(({ pid }) => roots.includes(pid));
  for (const info of found)
    found.push(...(children.get(info.pid) ?? []).filter((child) => !found.includes(child)));
  return found;
}

const CLOCK_TICK_MS = 10;

/** CPU time of a process in milliseconds, finer than ps tells on Linux; 0 where it is gone. */
export async function cpuMs(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  if (stat === undefined) return (await listProcesses()).find((info) => info.pid === pid)?.cpuMs ?? 0;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * CLOCK_TICK_MS;
}

/** Memory of a process where pages shared by n processes count 1/n each; its RSS where the system does not tell. */
export async function proportionalMemory({ pid, rss }: ProcessInfo): Promise<number> {
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '');
  const kilobytes = /^Pss:\s+(\d+) kB/m.exec(rollup)?.[1];
  return kilobytes === undefined ? rss : Number(kilobytes) * 1024;
}
