import type { Diagnostic } from '#config';
import type { ConfigEntry } from './entries.js';

/** Codes of what Mixer finds wrong with its config. */
export const FINDING = {
  UNKNOWN_REFERENCE: 'IST0101',
  INVALID: 'IST0106',
  EXPRESSION: 'QT4001',
  UNSUPPORTED_TEMPLATE: 'QT4002',
  DUPLICATE_INSTANCE: 'QT4003',
  NO_EFFECT: 'QT4004',
  HANDLER_FAILED: 'QT4005',
} as const;

export type FindingCode = (typeof FINDING)[keyof typeof FINDING];

/** Collects diagnostics. What a finding is about is left out of the snapshot; the rest of the config stands. */
export class Findings {
  readonly diagnostics: Diagnostic[] = [];

  error(code: FindingCode, entry: ConfigEntry, path: string, message: string): void {
    this.add('Error', code, entry, path, message);
  }

  warning(code: FindingCode, entry: ConfigEntry, path: string, message: string): void {
    this.add('Warning', code, entry, path, message);
  }

  private add(
    level: Diagnostic['level'],
    code: FindingCode,
    entry: ConfigEntry,
    path: string,
    message: string,
  ): void {
    this.diagnostics.push({ code, level, message, path, origin: entry.origin, resource: entry.resource.key });
  }
}
