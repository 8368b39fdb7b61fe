import type { Fact } from '../model/contract.js';
import { isWildcard } from '../model/host.js';
import { fact, subjectsOf } from './facts.js';
import { MESH_GATEWAY } from './indexes/virtual-service-index.js';

const ON_PORT = fact.servicesOnPort(0).slice(0, -1);
const LISTS: readonly Fact[] = [fact.services, fact.ports, fact.virtualServiceHosts(MESH_GATEWAY)];

/**
 * The hosts that a change concerns. A fact about a whole list never changes alone: facts about the hosts change with it
 * for which the list says something else now.
 */
export class HostChanges {
  readonly hosts: ReadonlySet<string>;

  private readonly hasWildcardRules: boolean;

  constructor(private readonly changed: ReadonlySet<Fact>) {
    const ruled = subjectsOf(changed, fact.subsetsOf);
    const named = [fact.service, fact.virtualService].flatMap((naming) => subjectsOf(changed, naming));
    this.hosts = new Set([...named, ...ruled]);
    this.hasWildcardRules = ruled.some(isWildcard);
  }

  /** Whether what states this fact says the same as before of all hosts but these. */
  confines(stated: Fact): boolean {
    if (!this.changed.has(stated)) return true;
    if (stated === fact.subsets) return !this.hasWildcardRules;
    return LISTS.includes(stated) || stated.startsWith(ON_PORT);
  }
}
