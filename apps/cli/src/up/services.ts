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
  /** Folder with the secrets of gateways, if there is one. */
  readonly secrets: string | undefined;
  /** Of the cluster, whose gateways get their Secrets from it; by default the control plane's own. */
  readonly secretNamespaces: string | undefined;
  /** Galley writes into that cluster what becomes of its config. */
  readonly writeStatus: boolean;
  /** Where that cluster's API server is to ask Galley before it stores config, if it is to. */
  readonly webhook: Webhook | undefined;
  readonly state: StateLayout;
  readonly host: string;
  readonly ports: Ports;
  readonly logLevel: string;
  readonly workloadTtl: string;
  /** Services to run; a missing Citadel or Mixer leaves its flags out. */
  readonly services: ReadonlySet<ServiceName>;
}

/** By which URL an API server asks Galley, and where it listens therefore. */
export interface Webhook {
  readonly url: string;
  readonly host: string;
  readonly bind: string;
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
      if (wantsIdentity(name, plan)) await renewToken(name, plan);
      return forkService(name, [...commonArgs(name, plan), ...ownArgs(name, plan)]);
    },
    ready: async (child) => void (await serviceReady(name, child)),
  };
}

/** Whether a service asks Citadel for a certificate, so that it is to be started after it. */
export function wantsIdentity(name: ServiceName, { webhook }: Plan): name is 'galley' | 'pilot' | 'mixer' {
  return name === 'pilot' || name === 'mixer' || (name === 'galley' && webhook !== undefined);
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
        ...(plan.webhook ? ['--galley-hosts', plan.webhook.host] : []),
      ];
    case 'galley':
      return [
        ...(plan.config === undefined ? [] : ['--config', plan.config]),
        ...(plan.kubeconfig === undefined ? [] : ['--kubeconfig', plan.kubeconfig]),
        ...(plan.writeStatus ? ['--write-status'] : []),
        ...(plan.webhook ? webhookArgs(plan.webhook, plan) : []),
      ];
    case 'pilot':
      return [
        ...['--xds', address(plan, 'pilotXds'), '--xds-tls', address(plan, 'pilotXdsTls')],
        ...identityArgs(name, plan),
        ...(plan.services.has('mixer') ? ['--mixer', address(plan, 'mixerGrpc')] : []),
        ...(plan.kubeconfig === undefined ? [] : ['--kubeconfig', plan.kubeconfig]),
        ...(plan.secrets === undefined ? [] : ['--secrets', plan.secrets]),
        ...(plan.secretNamespaces === undefined ? [] : ['--secret-namespaces', plan.secretNamespaces]),
      ];
    case 'mixer':
      return [
        ...['--grpc', address(plan, 'mixerGrpc'), '--metrics', address(plan, 'mixerMetrics')],
        ...['--roles', 'policy,telemetry'],
        ...identityArgs(name, plan),
      ];
  }
}

function webhookArgs({ url, bind }: Webhook, plan: Plan): string[] {
  return ['--webhook', bind, '--webhook-url', url, ...identityArgs('galley', plan)];
}

function identityArgs(name: keyof typeof SERVICE_ACCOUNTS, plan: Plan): string[] {
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
async function renewToken(name: keyof typeof SERVICE_ACCOUNTS, plan: Plan): Promise<void> {
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
