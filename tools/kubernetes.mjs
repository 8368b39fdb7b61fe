/**
 * Brings the Kubernetes programs that tests run against into the user's cache, where they are not there yet: see
 * libs/common/src/testing/kubernetes, which also finds them. Wants a build.
 */
import { pathToFileURL } from 'node:url';

/** The path of each program, by its name. */
export async function ensureKubernetes({ say }) {
  const { buildKubernetes, findKubernetes, KUBERNETES_PROGRAMS } =
    await import('../dist/libs/common/src/testing/index.js');
  await buildKubernetes(say);
  return Object.fromEntries(KUBERNETES_PROGRAMS.map((program) => [program, findKubernetes(program)]));
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { build } = await import('./build.mjs');
  try {
    await build();
    const paths = await ensureKubernetes({ say: (text) => console.error(text) });
    for (const [name, path] of Object.entries(paths)) console.log(`${name} ${path}`);
  } catch (error) {
    console.error(error.message);
    process.exit(1);
  }
}
