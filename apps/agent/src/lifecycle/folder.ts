import { chmod, mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The kernel takes socket paths of 107 bytes on Linux, 103 on macOS. */
const LONGEST_SOCKET_PATH = 103;

/** Makes the agent's private folder (0700), and returns the path of the socket in it: elsewhere where it is too long. */
export async function preparePrivateFolder(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await chmod(folder, 0o700);
  const socket = join(folder, 'sds.sock');
  if (Buffer.byteLength(socket) <= LONGEST_SOCKET_PATH) return socket;
  return join(await mkdtemp(join(tmpdir(), 'quartet-')), 'sds.sock');
}
