/**
 * Fetches the pinned Envoy and nats-server into .cache/bin, where they are not there yet. How they are found is
 * decided in libs/common/src/binaries, which the programs themselves use as well; so it wants a build.
 */
import { pathToFileURL } from 'node:url';

/** The path of each server program, by its name. */
export async function ensureBinaries({ say }) {
  const { findBinary, PINS } = await import('../dist/libs/common/src/binaries/index.js');
  const onDownload = (pin) => say(`fetching ${pin.name} ${pin.version}`);
  const paths = {};
  for (const name of Object.keys(PINS)) {
    const { path, warning } = await findBinary(name, { download: true, onDownload });
    if (warning) say(`warning: ${warning}`);
    paths[name] = path;
  }
  return paths;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { build } = await import('./build.mjs');
  try {
    await build();
    const paths = await ensureBinaries({ say: (text) => console.error(text) });
    for (const [name, path] of Object.entries(paths)) console.log(`${name} ${path}`);
  } catch (error) {
    console.error(error.message);
    process.exit(1);
  }
}
