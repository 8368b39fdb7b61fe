import { formatValue } from '#expressions';
import type { CheckInstance } from '../../templates/instances.js';
import type { Adapter, AdapterEnvironment, CheckResult, Handler } from '../adapter.js';
import { Code, OK } from '../status.js';
import { buildList } from './list.js';
import type { List } from './list.js';
import { listCheckerParams } from './params.js';
import type { ListCheckerParams } from './params.js';

/** Longer values are cut in the message that the client gets. */
const MAX_SHOWN = 200;

/** Lets pass what is on a list, or what is not. @see https://archive.istio.io/v1.4/docs/reference/config/policy-and-telemetry/adapters/list/ */
export const listchecker: Adapter<ListCheckerParams> = {
  name: 'listchecker',
  templates: new Set(['listentry']),
  validate: listCheckerParams,
  build(params, environment): Handler {
    return new ListChecker(params, environment);
  },
};

class ListChecker implements Handler {
  private list: List | undefined;
  private fetched = '';
  private expires = Infinity;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly params: ListCheckerParams,
    private readonly environment: AdapterEnvironment,
  ) {
    const list = buildList(params.entryType, params.overrides);
    if (typeof list === 'string') throw new Error(list);
    if (params.providerUrl === '') this.list = list;
    else this.refresh();
  }

  check(instance: CheckInstance): CheckResult {
    const { cachingInterval, cachingUseCount, blacklist } = this.params;
    const valid = { validDuration: cachingInterval, validUseCount: cachingUseCount };
    if (instance.template !== 'listentry') throw new Error(`listchecker does not know ${instance.template}`);
    // Without a list nobody can say who is on it: an error, which the proxy's fail policy decides about.
    if (!this.list || this.environment.now() > this.expires) throw new Error('the list could not be fetched');
    const listed = this.list(instance.value);
    const shown = formatValue(instance.value).slice(0, MAX_SHOWN);
    if (listed === undefined) {
      return { status: { code: Code.INVALID_ARGUMENT, message: `${shown} is not a valid entry` }, ...valid };
    }
    if (listed !== blacklist) return { status: OK, ...valid };
    const message = `${shown} is ${blacklist ? 'blacklisted' : 'not whitelisted'}`;
    return { status: { code: Code.PERMISSION_DENIED, message }, ...valid };
  }

  close(): void {
    clearTimeout(this.timer);
    this.expires = -Infinity;
  }

  private refresh(): void {
    const { providerUrl, refreshInterval } = this.params;
    this.environment
      .fetchText(providerUrl)
      .then((text) => this.use(text))
      .catch((error: unknown) =>
        this.environment.log('warn', { err: error, providerUrl }, 'cannot fetch the list'),
      )
      .finally(() => {
        if (this.expires === -Infinity) return;
        this.timer = setTimeout(() => this.refresh(), refreshInterval);
        this.timer.unref();
      });
  }

  private use(text: string): void {
    if (this.expires === -Infinity) return;
    if (!this.list || text !== this.fetched) {
      const list = buildList(this.params.entryType, [...this.params.overrides, ...text.split('\n')]);
      if (typeof list === 'string') throw new Error(list);
      this.list = list;
      this.fetched = text;
    }
    this.expires = this.environment.now() + this.params.ttl;
  }
}
