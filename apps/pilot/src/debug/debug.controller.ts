import { Controller, Get, Inject, NotFoundException, Query } from '@nestjs/common';
import { label, proxyHolding, type ProxyHolding } from './proxy-status.js';
import { PushEngine } from '../push/engine.js';
import { AdsService } from '../ads/ads-service.js';
import { PILOT_NAME } from './names.js';
import { TYPE, type TypeUrl } from '../model/contract.js';
import type { ProxyConnection } from '../push/proxy-connection.js';
import { describeResource, type DescribedResource } from './describe.js';

/** Istio's debug pages, as JSON. */
@Controller('debug')
export class DebugController {
  constructor(
    @Inject(PushEngine) private readonly engine: PushEngine,
    @Inject(AdsService) private readonly ads: AdsService,
    @Inject(PILOT_NAME) private readonly pilot: string,
  ) {}

  /** All proxies: what they hold and what they refuse. */
  @Get('syncz')
  syncz(): ProxyHolding[] {
    return [...this.engine.connections].map((connection) => proxyHolding(connection, this.pilot));
  }

  /** What Pilot has for a proxy, as Envoy's own config_dump would show it. */
  @Get('config_dump')
  configDump(@Query('proxyID') proxyId?: string): Record<string, DescribedResource[]> {
    const connection = this.find(proxyId);
    const types = [TYPE.cluster, TYPE.listener, TYPE.route, TYPE.virtualHost, TYPE.endpoint];
    return Object.fromEntries(types.map((type) => [label(type), this.held(connection, type)]));
  }

  /** The endpoints that proxies hold, by cluster. */
  @Get('edsz')
  edsz(@Query('proxyID') proxyId?: string): Record<string, DescribedResource[]> {
    const wanted = proxyId === undefined ? [...this.engine.connections] : [this.find(proxyId)];
    return Object.fromEntries(wanted.map((each) => [each.proxy.id, this.held(each, TYPE.endpoint)]));
  }

  /** The connections, with what each waits for. */
  @Get('adsz')
  adsz(): object {
    const clients = [...this.engine.connections].map(({ proxy, subscriptions, connectedAt, idle }) => ({
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

  /** The last revisions, and when each reached the proxies that it concerned. */
  @Get('push_status')
  pushStatus(): object {
    const pushes = this.engine.traces.all().map(({ proxies, committedAt, receivedAt, revision }) => ({
      revision,
      committed: committedAt === undefined ? undefined : new Date(committedAt).toISOString(),
      received: new Date(receivedAt).toISOString(),
      proxies: Object.fromEntries(proxies),
    }));
    const { revision, cache } = this.engine;
    return { revision, failures: cache.failures, cache: cache.stats, pushes };
  }

  private held({ subscriptions }: ProxyConnection, type: TypeUrl): DescribedResource[] {
    return [...(subscriptions.get(type)?.held ?? [])].map(([name, held]) =>
      describeResource(type, name, held),
    );
  }

  private find(proxyId: string | undefined): ProxyConnection {
    const connections = [...this.engine.connections];
    const found = connections.find(({ proxy }) => proxy.id === proxyId || proxy.id.split('~')[2] === proxyId);
    if (!found)
      throw new NotFoundException(`no proxy '${proxyId ?? ''}' is connected here: give its id as proxyID`);
    return found;
  }
}
