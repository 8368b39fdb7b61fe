/**
 * Rigs for tests with real parts. Whatever they start ends with the test file, without a call; import this module
 * from tests and benches only.
 */
import { releasePorts } from '../free-ports/index.js';
import { keepLogs } from './failure.js';
import { removeNamespaces } from './namespace.js';
import { stopAll } from './process.js';
import { removeTempDirs } from './temp-dir.js';

export {
  quartet,
  quartetCli,
  startControlPlane,
  type ControlPlaneOptions,
  type QuartetResult,
  type RunningControlPlane,
} from './control-plane.js';
export {
  envoyAccepts,
  startEnvoy,
  type BootstrapJson,
  type RunningEnvoy,
  type StartEnvoyOptions,
} from './envoy.js';
export {
  KUBERNETES_PROGRAMS,
  KUBERNETES_VERSION,
  findKubernetes,
  missingKubernetes,
  type KubernetesProgram,
} from './kubernetes/assets.js';
export { buildKubernetes } from './kubernetes/build.js';
export {
  helm,
  startKubernetes,
  type KubectlResult,
  type RunningKubernetes,
  type StartKubernetesOptions,
} from './kubernetes/cluster.js';
export { kubeconfigText, type KubernetesUser } from './kubernetes/credentials.js';
export { describeKubernetes } from './kubernetes/suite.js';
export { startNats, type NatsUser, type RunningNats, type StartNatsOptions } from './nats.js';
export {
  ADMIN_PORT,
  captureByRedirect,
  captureByTproxy,
  createNamespace,
  whyNoNamespaces,
  type NetworkNamespace,
} from './namespace.js';
export { freeAddress, freePort, freePorts } from './ports.js';
export { logTails, spawnProcess, stopAll, type SpawnedProcess, type SpawnOptions } from './process.js';
export { removeTempDirs, tempDir } from './temp-dir.js';
export { startTcpProxy, type TcpProxy } from './tcp-proxy.js';
export { Hopeless, until, type UntilOptions } from './until.js';

/** What Jest's environment (tools/jest-environment.mjs) calls, over whose events it alone knows when. */
(globalThis as { quartetTests?: TestHooks }).quartetTests = {
  failed: keepLogs,
  async over() {
    await stopAll();
    releasePorts();
    removeNamespaces();
    removeTempDirs();
  },
};
process.on('exit', removeTempDirs);

interface TestHooks {
  /** A test or one of its hooks has failed. */
  failed(): void;
  /** The last hook of a test file has run: the tests have ended in order what they own. */
  over(): Promise<void>;
}
