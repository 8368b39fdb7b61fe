import { schemaOf } from '../validate.js';
import { objectRules, specRules } from './cel.js';
import { columnsOf, shortNamesOf } from './columns.js';
import type { PrinterColumn } from './columns.js';
import { ANYTHING, structural } from './structural.js';
import type { CelRule, StructuralSchema } from './structural.js';
import { crdName, MESH_TYPES } from './types.js';
import type { MeshType } from './types.js';

/** @see https://kubernetes.io/docs/reference/kubernetes-api/extend-resources/custom-resource-definition-v1/ */
export interface CustomResourceDefinition {
  readonly apiVersion: 'apiextensions.k8s.io/v1';
  readonly kind: 'CustomResourceDefinition';
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> };
  readonly spec: {
    readonly group: string;
    readonly scope: string;
    readonly names: Readonly<Record<string, string | readonly string[]>>;
    readonly versions: readonly CrdVersion[];
  };
}

interface CrdVersion {
  readonly name: string;
  readonly served: true;
  readonly storage: boolean;
  readonly schema: { readonly openAPIV3Schema: StructuralSchema };
  readonly subresources: { readonly status: Readonly<Record<string, never>> };
  readonly additionalPrinterColumns: readonly PrinterColumn[];
}

const LABELS = {
  app: 'istio-pilot',
  chart: 'istio',
  'app.kubernetes.io/name': 'quartet',
  'app.kubernetes.io/component': 'base',
};

/** The definitions that make a cluster serve every type that Istio's users have manifests of. */
export function customResourceDefinitions(): CustomResourceDefinition[] {
  return MESH_TYPES.map(definition);
}

/** All versions have one form, so that the API server converts between them without help; the newest is stored. */
function definition(type: MeshType): CustomResourceDefinition {
  const { group, kind, plural, scope, versions } = type;
  const schema = { openAPIV3Schema: objectSchema(type) };
  const [stored] = versions;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: crdName(type), labels: LABELS },
    spec: {
      group,
      scope,
      names: {
        kind,
        listKind: `${kind}List`,
        plural,
        singular: kind.toLowerCase(),
        categories: ['istio-io', group.replace(/\..*$/, '-istio-io')],
        shortNames: shortNamesOf(kind),
      },
      versions: versions.map((name) => ({
        name,
        served: true,
        storage: name === stored,
        schema,
        subresources: { status: {} },
        additionalPrinterColumns: columnsOf(kind),
      })),
    },
  };
}

function objectSchema(type: MeshType): StructuralSchema {
  const spec = type.read ? structural(schemaOf(type)) : { type: 'object', ...ANYTHING };
  return {
    type: 'object',
    properties: {
      spec: { ...spec, ...validations(specRules(type.kind)) },
      status: { type: 'object', ...ANYTHING },
    },
    ...validations(objectRules(type.kind)),
  };
}

function validations(rules: readonly CelRule[]): Pick<StructuralSchema, 'x-kubernetes-validations'> {
  return rules.length > 0 ? { 'x-kubernetes-validations': rules } : {};
}
