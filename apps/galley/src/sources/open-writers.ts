import { readdir, readFile, stat } from 'node:fs/promises';
import { stampOf } from './entries.js';

/** Descriptors looked at before giving up: a busy host has more than is worth waiting for. */
const MAX_DESCRIPTORS = 20_000;
const ACCESS_MODE = 0o3;

/**
 * Whether some process holds a file open for writing, as far as this user may see (Linux only; elsewhere, and for
 * other users' processes, the answer is no). A writer that pauses is still a writer.
 */
export async function isOpenForWriting(inode: string): Promise<boolean> {
  let looked = 0;
  for (const pid of await list('/proc')) {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) continue;
    for (const descriptor of await list(`/proc/${pid}/fd`)) {
      looked += 1;
      if (looked > MAX_DESCRIPTORS) return false;
      if (await writes(pid, descriptor, inode)) return true;
    }
  }
  return false;
}

async function writes(pid: string, descriptor: string, inode: string): Promise<boolean> {
  try {
    if (stampOf(await stat(`/proc/${pid}/fd/${descriptor}`)).inode !== inode) return false;
    const info = await readFile(`/proc/${pid}/fdinfo/${descriptor}`, 'utf8');
    const [, flags = '0'] = /^flags:\s*([0-7]+)$/m.exec(info) ?? [];
    return (Number.parseInt(flags, 8) & ACCESS_MODE) !== 0;
  } catch {
    return false; // The process, or its right to be looked at, is gone.
  }
}

async function list(path: string): Promise<string[]> {
  try {
    return await readdir(path);
  } catch {
    return [];
  }
}
