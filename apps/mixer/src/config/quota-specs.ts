import type { AttributeClause, QuotaSpec, QuotaSpecBinding } from '#config';
import type { AttributeBag, Value } from '#expressions';
import { compilePattern, formatValue } from '#expressions';
import type { ConfigEntries, ConfigEntry } from './entries.js';
import { entriesOfKind } from './entries.js';
import type { Findings } from './findings.js';
import { FINDING } from './findings.js';

/** A quota that a request has to be granted. */
export interface QuotaCharge {
  /** The short name of the quota instance. */
  readonly quota: string;
  readonly amount: number;
}

interface QuotaRule {
  readonly applies: (bag: AttributeBag) => boolean;
  readonly charges: readonly QuotaCharge[];
}

const ANY_SERVICE = '*';

/**
 * Which quotas a request to a service is charged with. In the original, Pilot gave QuotaSpecs to each proxy, which asked
 * Mixer for the quotas by name; ext_authz has no room for that, so the whole of it is here.
 */
export class QuotaSpecs {
  private constructor(private readonly byHost: ReadonlyMap<string, readonly QuotaRule[]>) {}

  static of(entries: ConfigEntries, findings: Findings): QuotaSpecs {
    const specs = new Map<string, readonly QuotaRule[]>();
    for (const entry of entriesOfKind<QuotaSpec>(entries, 'QuotaSpec')) {
      specs.set(specKey(entry.resource.namespace, entry.resource.name), compileSpec(entry, findings));
    }
    const byHost = new Map<string, QuotaRule[]>();
    for (const binding of entriesOfKind<QuotaSpecBinding>(entries, 'QuotaSpecBinding')) {
      const rules = boundRules(binding, specs, findings);
      for (const host of boundHosts(binding)) byHost.set(host, [...(byHost.get(host) ?? []), ...rules]);
    }
    return new QuotaSpecs(byHost);
  }

  get isEmpty(): boolean {
    return this.byHost.size === 0;
  }

  /** The charges of a request to the service of that host, in the order of the bindings' names. */
  chargesFor(host: string, bag: AttributeBag): readonly QuotaCharge[] {
    if (this.isEmpty) return [];
    const rules = [...(this.byHost.get(host) ?? []), ...(this.byHost.get(ANY_SERVICE) ?? [])];
    return rules.filter((rule) => rule.applies(bag)).flatMap((rule) => rule.charges);
  }
}

function specKey(namespace: string, name: string): string {
  return `${namespace}/${name}`;
}

function boundRules(
  binding: ConfigEntry<QuotaSpecBinding>,
  specs: ReadonlyMap<string, readonly QuotaRule[]>,
  findings: Findings,
): readonly QuotaRule[] {
  const { spec, namespace } = binding.resource;
  return (spec.quotaSpecs ?? []).flatMap((reference, index) => {
    const rules = specs.get(specKey(reference.namespace ?? namespace, reference.name));
    const path = `spec.quotaSpecs[${index}]`;
    if (!rules) findings.error(FINDING.UNKNOWN_REFERENCE, binding, path, `no QuotaSpec ${reference.name}`);
    return rules ?? [];
  });
}

/** Full host names: `service` as it is, else `name.namespace.svc.cluster.local`; each once. */
function boundHosts(binding: ConfigEntry<QuotaSpecBinding>): ReadonlySet<string> {
  const { spec, namespace } = binding.resource;
  const hosts = (spec.services ?? []).map((service) => {
    if (service.service) return service.service;
    return `${service.name ?? ''}.${service.namespace ?? namespace}.${service.domain ?? 'svc.cluster.local'}`;
  });
  return new Set(hosts);
}

function compileSpec(entry: ConfigEntry<QuotaSpec>, findings: Findings): readonly QuotaRule[] {
  return (entry.resource.spec.rules ?? []).flatMap((rule, index) => {
    const charges = (rule.quotas ?? []).map(({ quota, charge }) => ({ quota, amount: Number(charge ?? 1) }));
    const clauses = (rule.match ?? []).map((match) => compileClause(match));
    const broken = clauses.find((clause) => typeof clause === 'string');
    if (typeof broken === 'string') {
      findings.error(FINDING.INVALID, entry, `spec.rules[${index}].match`, broken);
      return [];
    }
    const tests = clauses as Test[];
    // Any of the matches will do; a rule without one holds for every request.
    const applies = (bag: AttributeBag) => tests.length === 0 || tests.some((test) => test(bag));
    return [{ applies, charges }];
  });
}

type Test = (bag: AttributeBag) => boolean;

/** All conditions of a clause must hold. A text that says what is wrong with one instead. */
function compileClause({ clause = {} }: AttributeClause): Test | string {
  const tests: Test[] = [];
  for (const [attribute, match] of Object.entries(clause)) {
    const matches = compileMatch(match);
    if (typeof matches === 'string') return `${attribute}: ${matches}`;
    tests.push((bag) => {
      const value: Value | undefined = bag.get(attribute);
      return value !== undefined && matches(formatValue(value));
    });
  }
  return (bag) => tests.every((test) => test(bag));
}

function compileMatch(match: {
  exact?: string;
  prefix?: string;
  regex?: string;
}): ((text: string) => boolean) | string {
  const { exact, prefix, regex } = match;
  if (exact !== undefined) return (text) => text === exact;
  if (prefix !== undefined) return (text) => text.startsWith(prefix);
  // The proxy matched the whole text.
  if (regex !== undefined) return compilePattern(`^(?:${regex})$`);
  return 'expected exact, prefix or regex';
}
