import type { Diagnostic, Origin } from '#config';
import { CODES } from '#config';
import { credentialId, type Credential } from '../../model/credential.js';
import {
  readCredential,
  type ReadCredential,
  type SecretData,
  type SecretProblem,
} from './read-credential.js';

/** A Secret as a source has it now; without data it is gone. */
export interface SecretEdit {
  readonly namespace: string;
  readonly name: string;
  readonly data: SecretData | undefined;
  readonly origin: Origin;
}

/** A Secret as people may see it. */
export interface SecretReport {
  readonly namespace: string;
  readonly name: string;
  readonly certificate: boolean;
  readonly authority: boolean;
  /** Names and end of the leaf that is in use. */
  readonly names: readonly string[];
  readonly notAfter: string | undefined;
  /** Why the newest content is not in use; what was there before it is, if anything was. */
  readonly problems: readonly SecretProblem[];
}

export interface LedgerUpdate {
  readonly credentials: ReadonlyMap<string, Credential | undefined>;
  readonly diagnostics: readonly Diagnostic[];
}

interface Held {
  readonly edit: Pick<SecretEdit, 'namespace' | 'name'>;
  readonly credential: Credential | undefined;
  readonly about: ReadCredential['about'];
  readonly problems: readonly SecretProblem[];
}

/** The Secrets of one source. What was good stays in use until something good takes its place, or the Secret is gone. */
export class SecretLedger {
  private readonly held = new Map<string, Held>();

  /** @param now milliseconds since the Unix epoch */
  take(edits: readonly SecretEdit[], now: number): LedgerUpdate {
    const credentials = new Map<string, Credential | undefined>();
    const diagnostics: Diagnostic[] = [];
    for (const edit of edits) {
      const id = credentialId(edit.namespace, edit.name);
      const before = this.held.get(id);
      const after = edit.data && this.read(edit, edit.data, before, now, diagnostics);
      if (after) this.held.set(id, after);
      else this.held.delete(id);
      if (before?.credential?.digest !== after?.credential?.digest) credentials.set(id, after?.credential);
    }
    return { credentials, diagnostics };
  }

  reports(): SecretReport[] {
    return [...this.held.values()].map(({ edit: { namespace, name }, credential, about, problems }) => ({
      ...{ namespace, name, problems },
      certificate: credential?.certificate !== undefined,
      authority: credential?.authority !== undefined,
      names: about?.names ?? [],
      notAfter: about?.notAfter,
    }));
  }

  private read(
    edit: SecretEdit,
    data: SecretData,
    before: Held | undefined,
    now: number,
    diagnostics: Diagnostic[],
  ): Held {
    const { namespace, name } = edit;
    const { credential, about, problems, remarks } = readCredential(data, now);
    const outcome = before?.credential ? 'its last good content stays in use' : 'it is not used';
    const note = (
      entry: Pick<Diagnostic, 'code' | 'level'>,
      { path, message }: SecretProblem,
      end: string,
    ): void => {
      diagnostics.push({
        ...entry,
        message: `Secret ${namespace}/${name}: ${message}${end}`,
        path,
        origin: edit.origin,
      });
    };
    for (const problem of problems) note(CODES.credential, problem, `; ${outcome}`);
    for (const remark of remarks) note(CODES.credentialDates, remark, '');
    if (problems.length > 0)
      return { edit: { namespace, name }, credential: before?.credential, about: before?.about, problems };
    return { edit: { namespace, name }, credential, about, problems };
  }
}
