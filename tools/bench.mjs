/** `npm run bench`: builds, then runs test/bench; its flags are passed on (see test/bench/main.ts). */
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from './build.mjs';

await build();
const main = join(dirname(fileURLToPath(import.meta.url)), '..', 'dist/test/bench/main.js');
const bench = spawn(process.execPath, [main, ...process.argv.slice(2)], { stdio: 'inherit' });
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => bench.kill(signal));
bench.on('exit', (code) => process.exit(code ?? 1));
