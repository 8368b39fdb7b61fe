import { canonicalJson } from '#config';
import { MetricFamily } from './family.js';
import type { MetricDefinition } from './family.js';

export type { MetricDefinition, MetricKind } from './family.js';

interface Claim {
  readonly family: MetricFamily;
  /** The handlers that feed it, each as often as it is alive: old and new overlap while a config is swapped. */
  readonly owners: Map<string, number>;
}

/**
 * The metrics of all prometheus handlers, served on one page. A metric belongs to the handlers that claim it, and lives
 * as long as one of them: so its counts survive a handler that is built again with the metric unchanged.
 */
export class MetricRegistry {
  private readonly claims = new Map<string, Claim>();

  /**
   * The family of that definition. A changed definition starts anew, unless another handler holds the name: first come,
   * first served.
   *
   * @throws Error where the name is taken
   */
  claim(owner: string, definition: MetricDefinition): MetricFamily {
    const held = this.claims.get(definition.name);
    const same = held && canonicalJson(held.family.definition) === canonicalJson(definition);
    if (held && !same && [...held.owners.keys()].some((other) => other !== owner)) {
      throw new Error(`metric ${definition.name} is defined otherwise by another handler`);
    }
    const claim =
      held && same ? held : { family: new MetricFamily(definition), owners: new Map<string, number>() };
    claim.owners.set(owner, (claim.owners.get(owner) ?? 0) + 1);
    this.claims.set(definition.name, claim);
    return claim.family;
  }

  release(owner: string, family: MetricFamily): void {
    const claim = this.claims.get(family.definition.name);
    if (claim?.family !== family) return;
    const alive = (claim.owners.get(owner) ?? 1) - 1;
    if (alive > 0) claim.owners.set(owner, alive);
    else claim.owners.delete(owner);
    if (claim.owners.size === 0) this.claims.delete(family.definition.name);
  }

  /** The page, in Prometheus text format 0.0.4, metrics in the order of their names. */
  render(now: number): string {
    const parts: string[] = [];
    const families = [...this.claims.values()].map(({ family }) => family);
    families.sort((a, b) => (a.definition.name < b.definition.name ? -1 : 1));
    for (const family of families) {
      family.expire(now);
      for (const line of family.render()) parts.push(line);
    }
    return parts.join('') + overflowPage(families);
  }
}

const OVERFLOW = 'mixer_prometheus_series_overflow_total';

function overflowPage(families: readonly MetricFamily[]): string {
  const lines = families.map(
    ({ definition, overflow }) => `${OVERFLOW}{metric="${definition.name}"} ${overflow}\n`,
  );
  if (lines.length === 0) return '';
  const help = `# HELP ${OVERFLOW} Values dropped because the metric had no room for another combination of labels.\n`;
  return `${help}# TYPE ${OVERFLOW} counter\n${lines.join('')}`;
}
