/** `npm run demo`: sets the clone up where needed, then is `quartet demo` with the arguments given. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bootstrap, root } from './bootstrap.mjs';

const say = (text) => process.stderr.write(`quartet: ${text}\n`);

try {
  await bootstrap({ say });
} catch (error) {
  say(error.message);
  process.exit(1);
}
// In this process, not in a child: each Node process costs 45 MB, and the demo has enough of them.
const cli = join(root, 'dist/apps/cli/src/main.js');
process.argv.splice(1, 1, cli, 'demo');
await import(pathToFileURL(cli).href);
