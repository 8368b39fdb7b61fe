import { missingKubernetes } from './assets.js';

type Describe = ((name: string, body: () => void) => void) & {
  readonly skip: (name: string, body: () => void) => void;
};

/**
 * Describes tests that want a real kube-apiserver. Where its programs are not there they are left out, which jest
 * counts and `npm test` explains; in CI they run, and fail.
 */
export function describeKubernetes(name: string, body: () => void): void {
  const { describe } = globalThis as unknown as { describe: Describe };
  if (missingKubernetes().length === 0 || process.env.CI) describe(name, body);
  else describe.skip(name, body);
}
