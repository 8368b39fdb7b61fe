/**
 * Fetches the pinned Envoy and nats-server into .cache/bin, where they are not there yet. How they are found is
 * decided in libs/common/src/binaries, which the programs themselves use as well.
 */
import { pathToFileURL } from 'node:url';
import { build } from './build.mjs';

export async function binaries(report = console.error) {
  const { findBinary, PINS } = await import('../dist/libs/common/src/binaries/index.js');
  const found = {};
  for (const name of Object.keys(PINS)) {
    const onDownload = (pin) => report(`fetching ${pin.name} ${pin.version}`);
    const binary = await findBinary(name, { download: true, onDownload });
    if (binary.warning) report(`warning: ${binary.warning}`);
    found[name] = binary.path;
  }
  return found;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  await build();
  try {
    for (const [name, path] of Object.entries(await binaries())) console.log(`${name} ${path}`);
  } catch (error) {
    console.error(error.message);
    process.exit(1);
  }
}
