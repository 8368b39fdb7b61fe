/** Citadel's pure part, for other apps: how a request is read, how a certificate is signed, what it may do in a cluster. */
export { Refusal, type RefusalKind } from './refusal.js';
export { signLeaf, signRoot, type Leaf } from './sign/certificate.js';
export { verifyCsr } from './sign/csr.js';
export { readIssuer, type Issuer } from './sign/issuer.js';
export { leafValidity, type LifetimePolicy, type Validity } from './sign/lifetime.js';
export { CITADEL_PERMISSIONS } from './kubernetes/permissions.js';
