import { envoy } from '#common/proto/envoy';
import type { Generator, Inputs } from '../../model/contract.js';
import { TYPE } from '../../model/contract.js';
import type { SecretContent } from './pick-secret.js';
import { pickSecret } from './pick-secret.js';

type Secret = envoy.extensions.transport_sockets.tls.v3.Secret.$Properties;

interface SecretInputs extends Inputs {
  readonly name: string;
  readonly content: SecretContent;
}

/**
 * The secrets that Gateways and DestinationRules name (credentialName). Proxies ask for them one by one.
 *
 * @see https://www.envoyproxy.io/docs/envoy/v1.40.0/configuration/security/secret
 */
export const secretGenerator: Generator<SecretInputs> = {
  type: TYPE.secret,

  names: () => [],

  select(view, proxy, name) {
    const picked = pickSecret(view, proxy, name);
    // A proxy that has the secret from before keeps it, one that has not is told nothing for now.
    if (picked.answer === 'unknown') throw new Error(picked.reason);
    if (picked.answer !== 'given') return undefined;
    const { digest, content } = picked;
    // Never the content: keys are compared, and kept.
    return { key: `${digest} ${Object.keys(content).join()}`, name, content };
  },

  generate: ({ name, content }) => ({
    value: envoy.extensions.transport_sockets.tls.v3.Secret.encode({ name, ...secret(content) }).finish(),
    sources: [],
  }),
};

function secret(content: SecretContent): Secret {
  if ('certificate' in content) {
    const { chain, privateKey, staple } = content.certificate;
    const tlsCertificate = {
      certificateChain: inline(chain),
      privateKey: inline(privateKey),
      ...(staple && { ocspStaple: { inlineBytes: staple } }),
    };
    return { tlsCertificate };
  }
  const { roots, revoked } = content.authority;
  return {
    validationContext: {
      trustedCa: inline(roots),
      ...(revoked !== undefined && { crl: inline(revoked) }),
    },
  };
}

function inline(pem: string): { inlineBytes: Uint8Array } {
  return { inlineBytes: Buffer.from(pem) };
}
