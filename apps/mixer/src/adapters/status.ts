/** google.rpc.Status without its details. */
export interface Status {
  /** A google.rpc.Code; 0 is OK. */
  readonly code: number;
  readonly message: string;
}

export const OK: Status = { code: 0, message: '' };

/** Name and HTTP status of each google.rpc.Code, by its number. @see https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto */
const CODES: readonly (readonly [name: string, http: number])[] = [
  ['OK', 200],
  ['CANCELLED', 499],
  ['UNKNOWN', 500],
  ['INVALID_ARGUMENT', 400],
  ['DEADLINE_EXCEEDED', 504],
  ['NOT_FOUND', 404],
  ['ALREADY_EXISTS', 409],
  ['PERMISSION_DENIED', 403],
  ['RESOURCE_EXHAUSTED', 429],
  ['FAILED_PRECONDITION', 400],
  ['ABORTED', 409],
  ['OUT_OF_RANGE', 400],
  ['UNIMPLEMENTED', 501],
  ['INTERNAL', 500],
  ['UNAVAILABLE', 503],
  ['DATA_LOSS', 500],
  ['UNAUTHENTICATED', 401],
];

export const Code = {
  INVALID_ARGUMENT: 3,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  INTERNAL: 13,
} as const;

export function codeName(code: number): string {
  return CODES[code]?.[0] ?? 'UNKNOWN';
}

export function httpStatus(code: number): number {
  return CODES[code]?.[1] ?? 500;
}

/** A code from its number or its name; undefined for neither. */
export function codeOf(value: unknown): number | undefined {
  if (typeof value === 'number') return CODES[value] ? value : undefined;
  const index = CODES.findIndex(([name]) => name === value);
  return index < 0 ? undefined : index;
}
