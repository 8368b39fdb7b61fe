/** `npm run demo`: sets the clone up where needed, then runs `quartet demo` with the arguments given. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { bootstrap, root } from './bootstrap.mjs';

const say = (text) => process.stderr.write(`quartet: ${text}\n`);

try {
  await bootstrap({ say });
} catch (error) {
  say(error.message);
  process.exit(1);
}
const cli = join(root, 'dist/apps/cli/src/main.js');
const demo = spawn(process.execPath, [cli, 'demo', ...process.argv.slice(2)], { stdio: 'inherit' });
// A Ctrl-C reaches the whole group: this process only waits until the demo has cleaned up.
for (const signal of ['SIGINT', 'SIGTERM'])
  process.on(signal, () => signal === 'SIGTERM' && demo.kill(signal));
demo.on('exit', (code) => process.exit(code ?? 1));
