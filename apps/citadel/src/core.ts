/** Citadel's pure part, for other apps: how a request is read and how a certificate is signed. */
export { Refusal, type RefusalKind } from './refusal.js';
export { signLeaf, signRoot, type Leaf } from './sign/certificate.js';
export { verifyCsr } from './sign/csr.js';
export { readIssuer, type Issuer } from './sign/issuer.js';
export { leafValidity, type LifetimePolicy, type Validity } from './sign/lifetime.js';
