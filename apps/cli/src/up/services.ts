import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createToken } from '../citadel-client.js';
import { nkeyFile } from './bus.js';
import type { Ports } from './ports.js';
import { forkService, serviceReady, type ServiceName } from './service-process.js';
import type { StateLayout } from './state.js';
import type { Task } from './supervisor.js';

/** All that the command lines of the services are made from. */
export interface Plan {
  /** The config folder, if there is one. */
  readonly config: string | undefined;
  /** A cluster whose config, services and workloads count as well. */
  readonly kubeconfig: string | undefined;
  /** Galley writes into that cluster what becomes of its config. */
  readonly writeStatus: boolean;
  readonly state: StateLayout;
  readonly host: string;
  readonly ports: Ports;
  readonly logLevel: string;
  readonly workloadTtl: string;
  /** Services to run; a missing Citadel or Mixer leaves its flags out. */
  readonly services: ReadonlySet<ServiceName>;
}

/** The service accounts under which the services themselves are known. */
const SERVICE_ACCOUNTS = {
  galley: 'istio-galley-service-account',
  pilot: 'istio-pilot-service-account',
  mixer: 'istio-mixer-service-account',
} as const;

export function serviceTask(name: ServiceName, plan: Plan): Task {
  return {
    name,
    start: async () => {
      if (name === 'pilot' || name === 'mixer') await renewToken(name, plan);
      return forkService(name, [...commonArgs(name, plan), ...ownArgs(name, plan)]);
    },
    ready: async (child) => void (await serviceReady(name, child)),
  };
}

export function address(plan: Plan, port: keyof Ports): string {
  return `${plan.host}:${plan.ports[port]}`;
}

function commonArgs(name: ServiceName, plan: Plan): string[] {
  return [
    ...['--http', address(plan, `${name}Http`)],
    ...['--nats', `nats://${address(plan, 'nats')}`, '--nats-nkey', nkeyFile(plan.state, name)],
    ...['--state', plan.state[name], '--log-level', plan.logLevel],
  ];
}

function ownArgs(name: ServiceName, plan: Plan): string[] {
  switch (name) {
    case 'citadel':
      return [
        ...['--grpc', address(plan, 'citadelGrpc'), '--workload-ttl', plan.workloadTtl],
        ...(plan.kubeconfig === undefined ? [] : ['--kubeconfig', plan.kubeconfig]),
      ];
    case 'galley':
      return [
        ...(plan.config === undefined ? [] : ['--config', plan.config]),
        ...(plan.kubeconfig === undefined ? [] : ['--kubeconfig', plan.kubeconfig]),
        ...(plan.writeStatus ? ['--write-status'] : []),
      ];
    case 'pilot':
      return [
        ...['--xds', address(plan, 'pilotXds'), '--xds-tls', address(plan, 'pilotXdsTls')],
        ...identityArgs(name, plan),
        ...(plan.services.has('mixer') ? ['--mixer', address(plan, 'mixerGrpc')] : []),
        ...(plan.kubeconfig === undefined ? [] : ['--kubeconfig', plan.kubeconfig]),
      ];
    case 'mixer':
      return [
        ...['--grpc', address(plan, 'mixerGrpc'), '--metrics', address(plan, 'mixerMetrics')],
        ...['--roles', 'policy,telemetry'],
        ...identityArgs(name, plan),
      ];
  }
}

function identityArgs(name: 'pilot' | 'mixer', plan: Plan): string[] {
  const citadel = address(plan, 'citadelGrpc');
  return ['--citadel', citadel, '--root', plan.state.rootCert, '--token-file', tokenFile(name, plan)];
}

function tokenFile(name: ServiceName, plan: Plan): string {
  return join(plan.state[name], 'join-token');
}

/**
 * A join token for the next start of a service. Where Citadel is away the service may still come up, on the
 * certificate that it saved: that is its decision, so a failure here is only noted.
 */
async function renewToken(name: 'pilot' | 'mixer', plan: Plan): Promise<void> {
  try {
    const token = await createToken(address(plan, 'citadelGrpc'), plan.state, {
      namespace: 'istio-system',
      serviceAccount: SERVICE_ACCOUNTS[name],
      ttlSeconds: 600,
      uses: 3,
    });
    writeFileSync(tokenFile(name, plan), token, { mode: 0o600 });
  } catch (error) {
    process.stderr.write(`quartet: no join token for ${name}: ${(error as Error).message}\n`);
  }
}
