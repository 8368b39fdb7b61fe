import { typeName, type KubeClient } from '#common/kube';
import type { Logger } from '#common/logger';
import { credentialId } from '../../model/credential.js';
import type { ProvenIdentity } from '../../model/proxy.js';

export interface AccessReviewsOptions {
  readonly client: KubeClient;
  /** What is new, by `namespace/account`. */
  readonly onAccess: (access: ReadonlyMap<string, boolean>) => void;
  readonly log: Logger;
}

/** What was allowed is taken back within this time. */
const RECHECK_MS = 60_000;
/** A gateway may well be there before its role; and where there was no answer, one is looked for. */
const RETRY_MS = 5_000;
/** Accounts that are asked about; more are not given anything. */
const MAX_ACCOUNTS = 10_000;
const PATH = '/apis/authorization.k8s.io/v1/subjectaccessreviews';

/** What Pilot asks for access reviews with. */
export const REVIEW_TYPE = { group: 'authorization.k8s.io', version: 'v1', plural: 'subjectaccessreviews' };

interface Account extends ProvenIdentity {
  allowed: boolean | undefined;
  askedAt: number;
}

/**
 * Asks the API server who may list the Secrets of its namespace: as in Istio, a proxy gets from Pilot what its service
 * account could read by itself. While the server is away its last word holds.
 *
 * @see https://kubernetes.io/docs/reference/access-authn-authz/authorization/#checking-api-access
 */
export class AccessReviews {
  private readonly accounts = new Map<string, Account>();
  private timer: NodeJS.Timeout | undefined;
  private failing = '';
  private closed = false;

  constructor(private readonly options: AccessReviewsOptions) {}

  /** Somebody wants Secrets. */
  ask(identity: ProvenIdentity): void {
    const id = credentialId(identity.namespace, identity.serviceAccount);
    if (this.closed || this.accounts.has(id) || this.accounts.size >= MAX_ACCOUNTS) return;
    const { namespace, serviceAccount } = identity;
    const account: Account = { namespace, serviceAccount, allowed: undefined, askedAt: 0 };
    this.accounts.set(id, account);
    void this.review([[id, account]]);
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
  }

  /** Why there is no answer; empty while there is. */
  get detail(): string {
    return this.failing && `${typeName(REVIEW_TYPE)}: ${this.failing}`;
  }

  private async review(accounts: Iterable<[string, Account]>): Promise<void> {
    const changed = new Map<string, boolean>();
    let failing = '';
    for (const [id, account] of accounts) {
      account.askedAt = performance.now();
      try {
        const allowed = await this.mayList(account);
        if (allowed !== account.allowed) changed.set(id, allowed);
        account.allowed = allowed;
      } catch (error) {
        failing = (error as Error).message;
      }
    }
    if (this.closed) return;
    this.say(failing);
    if (changed.size > 0) this.options.onAccess(changed);
    this.schedule();
  }

  private schedule(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      const stale = performance.now() - RECHECK_MS;
      const due = [...this.accounts].filter(([, { allowed, askedAt }]) => !allowed || askedAt <= stale);
      void this.review(due);
    }, RETRY_MS).unref();
  }

  private async mayList({ namespace, serviceAccount }: ProvenIdentity): Promise<boolean> {
    const body = {
      apiVersion: `${REVIEW_TYPE.group}/${REVIEW_TYPE.version}`,
      kind: 'SubjectAccessReview',
      spec: {
        user: `system:serviceaccount:${namespace}:${serviceAccount}`,
        groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
        resourceAttributes: { namespace, verb: 'list', resource: 'secrets' },
      },
    };
    type Review = { readonly status?: { readonly allowed?: boolean } };
    const { body: review } = await this.options.client.send<Review>('POST', PATH, { body });
    return review.status?.allowed === true;
  }

  private say(failing: string): void {
    if (failing === this.failing) return;
    this.failing = failing;
    const { log } = this.options;
    if (failing) log.warn({ reason: failing }, 'cannot ask who may have Secrets: nobody new gets any');
  }
}
