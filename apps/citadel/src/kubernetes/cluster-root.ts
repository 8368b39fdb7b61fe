import type { KubeClient } from '#common/kube';
import type { Logger } from '#common/logger';
import { AuthorityKeeper } from '../rotate/authority-keeper.js';
import type { Authority } from '../rotate/authority.js';
import { PluggedRoot } from './plugged-root.js';
import { RootConfigMaps } from './root-config-maps.js';

export interface ClusterRootOptions {
  readonly client: KubeClient;
  readonly authority: Authority;
  /** The state folder. */
  readonly dir: string;
  readonly log: Logger;
}

/** Told, by the name of a part, what is in its way now; nothing is where the detail is empty. */
export type OnDetail = (part: string, detail: string) => void;

/** The end of a root's trust is counted in days. */
const REFRESH_MS = 60_000;

/** What keeps the authority of one Citadel in step with the cluster, and the cluster with the authority. */
export class ClusterRoot {
  private readonly keeper: AuthorityKeeper;
  private readonly configMaps: RootConfigMaps;
  private readonly plugged: PluggedRoot;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly options: ClusterRootOptions) {
    this.keeper = new AuthorityKeeper(options);
    this.configMaps = new RootConfigMaps(options);
    this.plugged = new PluggedRoot(options);
  }

  /** Certificates are issued whether any of this works or not. */
  start(onDetail: OnDetail): void {
    this.keeper.start((detail) => onDetail('state', detail));
    this.configMaps.start((detail) => onDetail('rootConfigMaps', detail));
    this.plugged.start((detail) => onDetail('certificateAuthority', detail));
    this.timer = setInterval(() => this.options.authority.refresh(), REFRESH_MS).unref();
  }

  async close(): Promise<void> {
    clearInterval(this.timer);
    await Promise.all([this.plugged.close(), this.configMaps.close()]);
    await this.keeper.close();
  }
}
