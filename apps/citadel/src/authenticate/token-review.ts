import { createHash } from 'node:crypto';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { isSpiffeId, type SpiffeId } from '#common/identity';
import { failureText, KubeError, type KubeClient } from '#common/kube';
import { Refusal } from '../refusal.js';
import type { Authenticator, Caller } from './caller.js';

/** Audience that a token for Citadel is made out to, and no token for anybody else. */
const AUDIENCE = 'istio-ca';
const REVIEWS = '/apis/authentication.k8s.io/v1/tokenreviews';
const GROUP = 'system:serviceaccounts';
const USER = /^system:serviceaccount:([^:]+):([^:]+)$/;
const POD_NAME = 'authentication.kubernetes.io/pod-name';
const POD_UID = 'authentication.kubernetes.io/pod-uid';
const MAX_TOKEN_LENGTH = 16 * 1024;
/** So long an answer counts: a pod that is deleted has its token for no longer than this. Milliseconds. */
const FRESH_MS = 10_000;
/** Answers that are kept; the oldest goes first. */
const MAX_ANSWERS = 10_000;
/** Questions at the same time; who comes then is asked to come back. */
const MAX_QUESTIONS = 128;

interface Review {
  readonly status?: {
    readonly authenticated?: boolean;
    readonly audiences?: readonly string[];
    readonly error?: string;
    readonly user?: {
      readonly username?: string;
      readonly groups?: readonly string[];
      readonly extra?: Readonly<Record<string, readonly string[]>>;
    };
  };
}

export interface TokenReviewOptions {
  readonly client: Pick<KubeClient, 'send'>;
  readonly trustDomain: string;
  readonly now: () => number;
  readonly log?: { warn(fields: object, message: string): void };
}

interface Answer {
  readonly until: number;
  readonly caller: Promise<Caller>;
}

/**
 * Proves the identity of a pod by the token that Kubernetes projects into it: the API server says whose it is.
 *
 * @see https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/token-review-v1/
 */
export class TokenReviews {
  /** By the token's hash, the older first. */
  private readonly answers = new Map<string, Answer>();
  private asking = 0;
  private trouble: string | undefined;
  private onDetail: (detail: string) => void = () => undefined;

  constructor(private readonly options: TokenReviewOptions) {}

  /** @param onDetail told why tokens cannot be reviewed; they can where it is empty */
  report(onDetail: (detail: string) => void): void {
    this.onDetail = onDetail;
  }

  /** Answers, refusals too, count for some seconds; a question that is on its way is not asked again. */
  readonly authenticate: Authenticator = async ({ bearer }) => {
    if (bearer === undefined) return undefined;
    const expiry = expiryOf(bearer);
    if (expiry === undefined) return undefined;
    const key = createHash('sha256').update(bearer).digest('base64');
    const now = this.options.now();
    if (expiry <= now) throw new Refusal('unauthenticated', 'the token has expired');
    const known = this.answers.get(key);
    if (known && known.until > now) return known.caller;
    return this.ask(key, bearer, Math.min(expiry, now + FRESH_MS));
  };

  private ask(key: string, token: string, until: number): Promise<Caller> {
    if (this.asking >= MAX_QUESTIONS)
      throw new Refusal('unavailable', 'too many tokens to be reviewed, try later');
    this.asking += 1;
    const caller = this.review(token).finally(() => (this.asking -= 1));
    this.answers.delete(key);
    if (this.answers.size >= MAX_ANSWERS) this.answers.delete(this.answers.keys().next().value!);
    this.answers.set(key, { until, caller });
    caller.catch((error: unknown) => {
      // That nobody answered says nothing of the token.
      if (error instanceof Refusal && error.kind === 'unauthenticated') return;
      if (this.answers.get(key)?.caller === caller) this.answers.delete(key);
    });
    return caller;
  }

  private async review(token: string): Promise<Caller> {
    const body = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenReview',
      spec: { token, audiences: [AUDIENCE] },
    };
    const { status = {} } = await this.send(body);
    if (!status.authenticated) throw new Refusal('unauthenticated', 'Kubernetes does not know the token');
    if (!status.audiences?.includes(AUDIENCE))
      throw new Refusal('unauthenticated', `the token is not for ${AUDIENCE}`);
    return this.callerOf(status.user ?? {});
  }

  private async send(body: object): Promise<Review> {
    try {
      const { body: review } = await this.options.client.send<Review>('POST', REVIEWS, { body });
      this.say(undefined);
      return review;
    } catch (error) {
      if (!(error instanceof KubeError)) throw error;
      this.say(error);
      const reason = error.status === 403 ? 'Citadel may not review tokens' : 'the API server is away';
      throw new Refusal('unavailable', `the token cannot be reviewed: ${reason}`, { cause: error });
    }
  }

  /** Once for each reason: every pod may ask. */
  private say(error: KubeError | undefined): void {
    const reason = error && failureText(error);
    if (reason === this.trouble) return;
    this.trouble = reason;
    if (reason !== undefined) this.options.log?.warn({ reason }, 'tokens cannot be reviewed');
    this.onDetail(reason ?? '');
  }

  private callerOf({
    username = '',
    groups = [],
    extra = {},
  }: NonNullable<NonNullable<Review['status']>['user']>) {
    const [, namespace = '', serviceAccount = ''] = USER.exec(username) ?? [];
    const id: SpiffeId = { trustDomain: this.options.trustDomain, namespace, serviceAccount };
    if (!groups.includes(GROUP) || !isSpiffeId(id))
      throw new Refusal('unauthenticated', 'the token is not of a service account');
    const [name, uid] = [extra[POD_NAME]?.[0], extra[POD_UID]?.[0]];
    const pod = name !== undefined && uid !== undefined ? { name, uid } : undefined;
    return { id, ...(pod && { pod }), redeem: () => Promise.resolve() };
  }
}

/**
 * When a token ends, in milliseconds. Undefined for what Kubernetes cannot have made: nothing without an end, nothing
 * for another audience, none of our own tokens is shown to it.
 */
function expiryOf(token: string): number | undefined {
  if (token.length > MAX_TOKEN_LENGTH) return undefined;
  try {
    const { typ } = decodeProtectedHeader(token);
    const { aud, exp, sub } = decodeJwt(token);
    const audiences = Array.isArray(aud) ? aud : [aud];
    const fits = typ !== 'quartet-join+jwt' && audiences.includes(AUDIENCE) && USER.test(sub ?? '');
    return fits && exp !== undefined ? exp * 1000 : undefined;
  } catch {
    return undefined;
  }
}
