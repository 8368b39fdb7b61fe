import { MultiMap } from '#common/collections';
import type { Config } from '../../model/config.js';
import { byAge } from '../../model/config.js';
import { isCoveredBy, isWildcard, moreSpecificFirst } from '../../model/host.js';

/** Config filed under the hosts it is for, wildcards included. */
export class HostTable<Spec> {
  private constructor(
    private readonly byHost: MultiMap<Config<Spec>>,
    /** Most specific first. */
    private readonly wildcards: readonly string[],
  ) {}

  static empty<Spec>(): HostTable<Spec> {
    return new HostTable(MultiMap.empty<Config<Spec>>(), []);
  }

  /** Under exactly this host, older first. */
  at(host: string): Config<Spec>[] {
    return [...this.byHost.get(host)].map(([, config]) => config).sort(byAge);
  }

  /** The wildcards that cover a host, most specific first. */
  covering(host: string): string[] {
    return this.wildcards.filter((wildcard) => wildcard !== host && isCoveredBy(host, wildcard));
  }

  sameWildcards(other: HostTable<Spec>): boolean {
    return this.wildcards === other.wildcards;
  }

  without(hosts: readonly string[], config: Config<Spec>): HostTable<Spec> {
    let { byHost, wildcards } = this;
    for (const host of hosts) {
      byHost = byHost.delete(host, config.key);
      if (isWildcard(host) && !byHost.has(host)) wildcards = wildcards.filter((held) => held !== host);
    }
    return new HostTable(byHost, wildcards);
  }

  with(hosts: readonly string[], config: Config<Spec>): HostTable<Spec> {
    let { byHost, wildcards } = this;
    for (const host of hosts) {
      byHost = byHost.set(host, config.key, config);
      if (isWildcard(host) && !wildcards.includes(host))
        wildcards = [...wildcards, host].sort(moreSpecificFirst);
    }
    return new HostTable(byHost, wildcards);
  }
}
