import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { Permissions } from '#common/kube';
import type { Permission } from './accounts.js';
import { CHART } from './installation.js';

/** One verb on one resource that a service is allowed in the chart. */
export interface Need extends Permission {
  readonly service: string;
  /** `list virtualservices.networking.istio.io` */
  readonly text: string;
}

/**
 * How it is proven that a need is one, see the specs of these names (missing-permissions-*.spec.ts). What is new in the
 * chart is in one of them from the start, and fails there where nothing is said without it.
 */
export type Proof = 'reads' | 'statuses' | 'leads' | 'citadel' | 'reviews';

/** Every need of the chart's services, each verb on each resource by itself. */
export function needsProvenBy(proof: Proof): Need[] {
  const text = readFileSync(join(CHART, 'files/permissions.yaml'), 'utf8');
  const services = Object.entries(parse(text) as Record<string, Permissions>);
  const needs = services.flatMap(([service, { cluster, own }]) =>
    [...cluster, ...own].flatMap(({ apiGroups, resources, verbs }) =>
      apiGroups.flatMap((group) =>
        resources.flatMap((resource) => verbs.map((verb) => needOf(service, verb, resource, group))),
      ),
    ),
  );
  return needs.filter((need) => proofOf(need) === proof);
}

function needOf(service: string, verb: string, resource: string, group: string): Need {
  return { service, verb, resource, group, text: `${verb} ${[resource, group].filter(Boolean).join('.')}` };
}

function proofOf({ service, verb, resource }: Need): Proof {
  if (service === 'citadel') return 'citadel';
  if (verb === 'list' || verb === 'watch') return 'reads';
  if (service === 'pilot') return 'reviews';
  return resource.endsWith('/status') ? 'statuses' : 'leads';
}
