import { formatValue } from '#expressions';
import type { Dimensions } from '../../templates/dimensions.js';
import type { QuotaInstance } from '../../templates/instances.js';
import type { Adapter, AdapterEnvironment, Handler, QuotaRequest, QuotaResult } from '../adapter.js';
import { Deduplication } from './deduplication.js';
import { memQuotaParams } from './params.js';
import type { Limit, MemQuotaParams, QuotaLimit } from './params.js';
import { RollingWindow } from './rolling-window.js';

/** Combinations of dimensions that are counted. Idle ones make room; where none is idle, new ones are refused. */
const MAX_CELLS = 100_000;
/** Slots of all windows together, 8 bytes each: long windows leave room for fewer combinations. */
const MAX_SLOTS = 8_000_000;

interface Granted {
  readonly amount: number;
  /** Milliseconds since the Unix epoch. */
  readonly expires: number;
}

/** What is left of one quota for one combination of dimensions. */
type Cell = Pick<RollingWindow, 'remaining' | 'take' | 'isIdle' | 'size'>;

/** Quotas counted in this process. @see https://archive.istio.io/v1.4/docs/reference/config/policy-and-telemetry/adapters/memquota/ */
export const memquota: Adapter<MemQuotaParams> = {
  name: 'memquota',
  templates: new Set(['quota']),
  validate: memQuotaParams,
  validateInstance(params, { fqn, name }) {
    return quotaFor(params, fqn, name) ? undefined : `no quota of the handler is named ${fqn}`;
  },
  build(params, environment, _name, previous): Handler {
    // Cells are known by their limit as well, so those of an unchanged quota go on counting where they were.
    const cells = previous instanceof MemQuota ? previous.cells : new Cells();
    return new MemQuota(params, environment, cells);
  },
};

class MemQuota implements Handler {
  private readonly answers: Deduplication<Granted>;

  constructor(
    private readonly params: MemQuotaParams,
    private readonly environment: AdapterEnvironment,
    readonly cells: Cells,
  ) {
    this.answers = new Deduplication(params.minDeduplicationDuration, environment.now());
  }

  quota(instance: QuotaInstance, request: QuotaRequest): QuotaResult {
    const now = this.environment.now();
    const limits = quotaFor(this.params, instance.name, shortName(instance.name));
    if (!limits) throw new Error(`unknown quota ${instance.name}`);
    if (request.amount === 0) return { amount: 0, validDuration: 0 };
    const limit = applicable(limits, instance.dimensions);
    const key = `${instance.name};${limit.maxAmount};${limit.validDuration};${dimensionKey(instance.dimensions)}`;
    const id = request.deduplicationId === '' ? '' : `${request.deduplicationId};${key}`;
    const known = this.answers.get(id, now);
    if (known) return { amount: known.amount, validDuration: Math.max(0, known.expires - now) };
    const amount = charge(this.cells.get(key, limit, now), request, now);
    this.answers.remember(id, { amount, expires: now + limit.validDuration }, now);
    return { amount, validDuration: limit.validDuration };
  }
}

/** What is counted, by quota, limit and dimensions. */
class Cells {
  private readonly cells = new Map<string, Cell>();
  private slots = 0;

  /**
   * The cell of that key, made if need be.
   *
   * @throws Error where there is room for no other and none is idle
   */
  get(key: string, limit: Limit, now: number): Cell {
    const known = this.cells.get(key);
    if (known) return known;
    const cell = limit.validDuration === 0 ? new Counter(limit.maxAmount) : windowFor(limit, now);
    if (this.isFull(cell)) this.dropIdle(now);
    if (this.isFull(cell)) throw new Error('too many combinations of dimensions are in use');
    this.cells.set(key, cell);
    this.slots += cell.size;
    return cell;
  }

  private isFull(another: Cell): boolean {
    return this.cells.size >= MAX_CELLS || this.slots + another.size > MAX_SLOTS;
  }

  private dropIdle(now: number): void {
    for (const [key, cell] of this.cells) {
      if (!cell.isIdle(now)) continue;
      this.cells.delete(key);
      this.slots -= cell.size;
    }
  }
}

function windowFor(limit: Limit, now: number): RollingWindow {
  return new RollingWindow(limit.maxAmount, limit.validDuration / 1000, now);
}

/** A quota without a duration: what is taken comes back only by a negative amount. */
class Counter implements Cell {
  readonly size = 1;
  private taken = 0;

  constructor(private readonly limit: number) {}

  remaining(): number {
    return this.limit - this.taken;
  }

  take(amount: number): void {
    this.taken = Math.max(0, this.taken + amount);
  }

  isIdle(): boolean {
    return this.taken === 0;
  }
}

/** Takes what is asked for, all or nothing unless a part will do. A negative amount is given back. */
function charge(cell: Cell, { amount, bestEffort }: QuotaRequest, now: number): number {
  const remaining = cell.remaining(now);
  const granted = amount <= remaining ? amount : bestEffort ? Math.max(0, remaining) : 0;
  if (granted !== 0) cell.take(granted, now);
  return granted;
}

/** Quotas are configured by full name; the short one is what QuotaSpecs use and is taken too. */
function quotaFor(params: MemQuotaParams, fqn: string, name: string): QuotaLimit | undefined {
  return (
    params.quotas.find((quota) => quota.name === fqn) ?? params.quotas.find((quota) => quota.name === name)
  );
}

function applicable(limits: QuotaLimit, dimensions: Dimensions): Limit {
  const matches = (wanted: ReadonlyMap<string, string>) =>
    [...wanted].every(([name, text]) => {
      const value = dimensions.values[dimensions.set.names.indexOf(name)];
      return value !== undefined && formatValue(value) === text;
    });
  return limits.overrides.find((override) => matches(override.dimensions)) ?? limits;
}

function dimensionKey(dimensions: Dimensions): string {
  return JSON.stringify(dimensions.values.map(formatValue));
}

function shortName(fqn: string): string {
  return fqn.split('.')[0] ?? fqn;
}
