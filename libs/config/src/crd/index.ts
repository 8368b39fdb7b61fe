export { customResourceDefinitions } from './crd.js';
export type { CustomResourceDefinition } from './crd.js';
export { shortNamesOf } from './columns.js';
export { structural } from './structural.js';
export type { StructuralSchema } from './structural.js';
export { crdName, MESH_TYPES } from './types.js';
export type { MeshType } from './types.js';
