import { createPublicKey, randomUUID, type KeyObject } from 'node:crypto';
import { errors, jwtVerify, SignJWT } from 'jose';
import { isIdentityName, isSpiffeId, type SpiffeId } from '#common/identity';
import { Refusal } from '../refusal.js';
import type { Caller, Credentials } from './caller.js';
import type { TokenLedger } from './token-ledger.js';

/** Istio's audience for tokens that Citadel reads. */
const AUDIENCE = 'istio-ca';
/** Keeps a token of another kind, signed by the same key one day, from passing for this one. */
const TYPE = 'quartet-join+jwt';
const ALGORITHM = 'ES256';
const MAX_TOKEN_LENGTH = 4 * 1024;
const DEFAULT_TTL_SECONDS = 600;
const MAX_TTL_SECONDS = 30 * 86_400;
const MAX_USES = 10_000;

export interface JoinTokenRequest {
  readonly namespace: string;
  readonly serviceAccount: string;
  /** 0 for the default of 10 minutes. */
  readonly ttlSeconds: number;
  /** 0 for the default of 1. */
  readonly uses: number;
}

export interface JoinToken {
  readonly token: string;
  /** Seconds since the Unix epoch. */
  readonly expiresAt: number;
}

export interface JoinTokensOptions {
  readonly trustDomain: string;
  /** P-256, from the state folder. */
  readonly key: KeyObject;
  readonly ledger: TokenLedger;
  readonly now: () => number;
}

interface Claims {
  readonly id: SpiffeId;
  readonly jti: string;
  readonly exp: number;
  readonly uses: number;
}

/** Makes and reads the tokens by which workloads outside a cluster prove themselves the first time. */
export class JoinTokens {
  readonly #publicKey: KeyObject;

  constructor(private readonly options: JoinTokensOptions) {
    this.#publicKey = createPublicKey(options.key);
  }

  /** Throws a {@link Refusal} for names, lifetimes and numbers of uses that a token cannot have. */
  async create({ namespace, serviceAccount, ttlSeconds, uses }: JoinTokenRequest): Promise<JoinToken> {
    if (!isIdentityName(namespace) || !isIdentityName(serviceAccount)) {
      throw new Refusal('invalid-argument', 'namespace and service account must be Kubernetes names');
    }
    const ttl = inRange('ttl_seconds', ttlSeconds || DEFAULT_TTL_SECONDS, MAX_TTL_SECONDS);
    const issuedAt = Math.floor(this.options.now() / 1000);
    const expiresAt = issuedAt + ttl;
    const token = await new SignJWT({ uses: inRange('uses', uses || 1, MAX_USES) })
      .setProtectedHeader({ alg: ALGORITHM, typ: TYPE })
      .setIssuer(this.options.trustDomain)
      .setAudience(AUDIENCE)
      .setSubject(`system:serviceaccount:${namespace}:${serviceAccount}`)
      .setJti(randomUUID())
      .setIssuedAt(issuedAt)
      .setExpirationTime(expiresAt)
      .sign(this.options.key);
    return { token, expiresAt };
  }

  /**
   * The {@link Authenticator} of join tokens. Failures are not held against an address: many workloads share one, and
   * would suffer for the one that fails; verifying costs less than the TLS handshake that came before.
   */
  readonly authenticate = async ({ bearer }: Credentials): Promise<Caller | undefined> => {
    if (bearer === undefined) return undefined;
    const claims = await this.#verify(bearer);
    if (this.options.ledger.uses(claims.jti) >= claims.uses) throw usedUp();
    return { id: claims.id, redeem: () => this.#redeem(claims) };
  };

  async #redeem({ jti, exp, uses }: Claims): Promise<void> {
    if (!(await this.options.ledger.take({ jti, exp }, uses))) throw usedUp();
  }

  async #verify(token: string): Promise<Claims> {
    if (token.length > MAX_TOKEN_LENGTH) throw new Refusal('unauthenticated', 'the token is too long');
    try {
      const { payload } = await jwtVerify(token, this.#publicKey, {
        algorithms: [ALGORITHM],
        typ: TYPE,
        issuer: this.options.trustDomain,
        audience: AUDIENCE,
        requiredClaims: ['exp', 'jti', 'sub', 'uses'],
        currentDate: new Date(this.options.now()),
      });
      return {
        id: this.#subject(payload.sub!),
        jti: payload.jti!,
        exp: payload.exp!,
        uses: Number(payload.uses),
      };
    } catch (error) {
      if (error instanceof errors.JWTExpired) throw new Refusal('unauthenticated', 'the token has expired');
      if (error instanceof errors.JOSEError) throw new Refusal('unauthenticated', 'the token is not valid');
      throw error;
    }
  }

  #subject(sub: string): SpiffeId {
    const [, , namespace = '', serviceAccount = ''] = sub.split(':');
    const id = { trustDomain: this.options.trustDomain, namespace, serviceAccount };
    if (!isSpiffeId(id)) throw new Refusal('unauthenticated', 'the token names nobody');
    return id;
  }
}

function usedUp(): Refusal {
  return new Refusal('unauthenticated', 'the token has been used up');
}

function inRange(name: string, value: number, max: number): number {
  if (Number.isInteger(value) && value > 0 && value <= max) return value;
  throw new Refusal('invalid-argument', `${name} must be from 1 to ${max}`);
}
