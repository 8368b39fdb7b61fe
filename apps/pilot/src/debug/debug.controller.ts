import {
  Controller,
  Get,
  Inject,
  NotFoundException,
  Query,
  ServiceUnavailableException,
} from '@nestjs/common';
import type { JsonObject } from '#common/proto/json';
import { ListenerConflicts } from '../push/listener-conflicts.js';
import { RemovalGuard } from '../ingest/removal-guard.js';
import { AdsService } from '../ads/ads-service.js';
import type { ClusterReport } from '../ingest/kubernetes/cluster-ingest.js';
import { FolderSecrets } from '../ingest/secrets/folder-secrets.js';
import { KubernetesIngest } from '../ingest/kubernetes/kubernetes-ingest.js';
import { TYPE, type TypeUrl, type WorldContents } from '../model/contract.js';
import type { Mesh } from '../model/mesh.js';
import { PushEngine } from '../push/engine.js';
import type { ProxyConnection } from '../push/proxy-connection.js';
import type { SecretReport } from '../registries/secrets/secret-ledger.js';
import { askedBy, type AskedSecret } from './asked-secrets.js';
import { configDump } from './config-dump.js';
import { describeResource, type DescribedResource } from './describe.js';
import { PILOT_NAME } from './names.js';
import {
  heldEndpoints,
  label,
  proxyHolding,
  withdrawnConfig,
  type HeldEndpoints,
  type ProxyHolding,
} from './proxy-status.js';
import { tracedChange, type TracedChange } from './traced-change.js';
import { configz, endpointz, registryz } from './world-pages.js';

/** The pages, each with what it shows. */
const PAGES = {
  syncz: 'all proxies: what they hold and what they refuse',
  config_dump: "what a proxy was sent (?proxyID=), in the form of Envoy's /config_dump",
  resourcesz: 'the resources of a proxy (?proxyID=) with their versions and the config they were made from',
  'cdsz, ldsz, rdsz, edsz': 'the same for one type, for all proxies or one',
  adsz: 'the connections, with what each waits for',
  configz: 'the config in force, with where it was written',
  registryz: 'the services',
  endpointz: 'the endpoints of the services',
  clusterz: 'the clusters with services, and how well each is known',
  mesh: 'MeshConfig with its defaults',
  sidecarz: 'the Sidecar resource that decides about a proxy (?proxyID=)',
  removalz: 'endpoints that a registry no longer has, and that stay in force for now',
  credentialz: 'the secrets for gateways without what they hold, who asked for which, and what came of it',
  cachez: 'what is generated, how often it was shared, and what fails',
  trace: 'the way of a revision (?revision=, the newest by default) to each proxy that it concerned',
  push_status:
    'the last revisions, when each reached the proxies that it concerned, and who contends for listeners',
} as const;

/**
 * Istio's debug pages, as JSON. Who may see them: libs/common/src/service/debug-access.ts.
 *
 * @see https://istio.io/latest/docs/ops/diagnostic-tools/proxy-cmd/
 */
@Controller('debug')
export class DebugController {
  constructor(
    @Inject(PushEngine) private readonly engine: PushEngine,
    @Inject(AdsService) private readonly ads: AdsService,
    @Inject(PILOT_NAME) private readonly pilot: string,
    @Inject(KubernetesIngest) private readonly kubernetes: KubernetesIngest | undefined,
    @Inject(RemovalGuard) private readonly guard: RemovalGuard,
    @Inject(FolderSecrets) private readonly folder: FolderSecrets | undefined,
  ) {}

  @Get(['', 'list'])
  list(): object {
    return PAGES;
  }

  @Get('syncz')
  syncz(): ProxyHolding[] {
    const about = { pilot: this.pilot, withdrawn: this.engine.withdrawals.all, removals: this.guard.held };
    return this.connections().map((connection) => proxyHolding(connection, about));
  }

  @Get('config_dump')
  configDump(@Query('proxyID') proxyId?: string): JsonObject {
    return configDump(this.find(proxyId).subscriptions);
  }

  @Get('resourcesz')
  resourcesz(@Query('proxyID') proxyId?: string): Record<string, DescribedResource[]> {
    const connection = this.find(proxyId);
    return Object.fromEntries(
      [...connection.subscriptions.keys()].map((type) => [label(type), held(connection, type as TypeUrl)]),
    );
  }

  @Get('cdsz')
  cdsz(@Query('proxyID') proxyId?: string): Record<string, DescribedResource[]> {
    return this.heldBy(proxyId, TYPE.cluster);
  }

  @Get('ldsz')
  ldsz(@Query('proxyID') proxyId?: string): Record<string, DescribedResource[]> {
    return this.heldBy(proxyId, TYPE.listener);
  }

  @Get('rdsz')
  rdsz(@Query('proxyID') proxyId?: string): Record<string, DescribedResource[]> {
    return this.heldBy(proxyId, TYPE.route);
  }

  @Get('edsz')
  edsz(@Query('proxyID') proxyId?: string): Record<string, DescribedResource[]> {
    return this.heldBy(proxyId, TYPE.endpoint);
  }

  @Get(['adsz', 'connections'])
  adsz(): object {
    const clients = this.connections().map(({ proxy, subscriptions, connectedAt, idle }) => ({
      proxy: proxy.id,
      connectedAt: new Date(connectedAt).toISOString(),
      idle,
      watches: Object.fromEntries(
        [...subscriptions].map(([type, { held, wildcard, pending, inFlight }]) => [
          label(type),
          { held: held.size, wildcard, pending: pending.size, unanswered: inFlight.size },
        ]),
      ),
    }));
    return { totalClients: clients.length, queues: this.ads.queues, clients };
  }

  @Get('configz')
  configz(): object[] {
    return configz(this.contents());
  }

  @Get('registryz')
  registryz(): object[] {
    return registryz(this.contents());
  }

  @Get('endpointz')
  endpointz(): object[] {
    return endpointz(this.contents());
  }

  @Get('clusterz')
  clusterz(): ClusterReport[] {
    return this.kubernetes?.reports() ?? [];
  }

  @Get('mesh')
  mesh(): Mesh {
    return this.contents().mesh;
  }

  @Get('sidecarz')
  sidecarz(@Query('proxyID') proxyId?: string): object {
    const { proxy } = this.find(proxyId);
    const { world } = this.engine;
    const sidecar = world?.view(() => undefined).sidecar(proxy);
    if (!world || !sidecar) return { proxy: proxy.id, sidecar: null };
    const { key, spec } = sidecar;
    return { proxy: proxy.id, sidecar: key, origin: world.origin(key), spec };
  }

  @Get('removalz')
  removalz(): HeldEndpoints[] {
    return this.guard.held.map(heldEndpoints);
  }

  @Get('credentialz')
  credentialz(): { secrets: SecretReport[]; asked: AskedSecret[] } {
    const secrets = [...(this.folder?.reports() ?? []), ...(this.kubernetes?.secretReports() ?? [])];
    return {
      secrets,
      asked: this.connections().flatMap((connection) => askedBy(connection, this.engine.world)),
    };
  }

  @Get('cachez')
  cachez(): object {
    const { stats, failures } = this.engine.cache;
    return { ...stats, failures };
  }

  @Get('trace')
  trace(@Query('revision') revision?: string): TracedChange {
    return tracedChange(
      this.engine,
      this.pilot,
      revision === undefined ? this.engine.revision : Number(revision),
    );
  }

  @Get('push_status')
  pushStatus(): object {
    const pushes = this.engine.traces.all().map(({ proxies, committedAt, receivedAt, revision }) => ({
      revision,
      committed: committedAt === undefined ? undefined : new Date(committedAt).toISOString(),
      received: new Date(receivedAt).toISOString(),
      proxies: Object.fromEntries(proxies),
    }));
    const { revision, cache, withdrawals } = this.engine;
    const withdrawn = withdrawals.all.map(withdrawnConfig);
    const conflicts = new ListenerConflicts(this.engine).diagnostics();
    return { revision, failures: cache.failures, withdrawn, conflicts, cache: cache.stats, pushes };
  }

  private connections(): ProxyConnection[] {
    return [...this.engine.connections];
  }

  private heldBy(proxyId: string | undefined, type: TypeUrl): Record<string, DescribedResource[]> {
    const wanted = proxyId === undefined ? this.connections() : [this.find(proxyId)];
    return Object.fromEntries(wanted.map((connection) => [connection.proxy.id, held(connection, type)]));
  }

  private contents(): WorldContents {
    const { world } = this.engine;
    if (!world) throw new ServiceUnavailableException('no config has arrived yet');
    return world.contents();
  }

  /** By node id, or by its `<pod>.<namespace>`. */
  private find(proxyId: string | undefined): ProxyConnection {
    const found = this.connections().find(
      ({ proxy }) => proxy.id === proxyId || proxy.id.split('~')[2] === proxyId,
    );
    if (!found)
      throw new NotFoundException(`no proxy '${proxyId ?? ''}' is connected here: give its id as proxyID`);
    return found;
  }
}

function held({ subscriptions }: ProxyConnection, type: TypeUrl): DescribedResource[] {
  return [...(subscriptions.get(type)?.held ?? [])].map(([name, resource]) =>
    describeResource(type, name, resource),
  );
}
