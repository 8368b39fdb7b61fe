/** Which proxy of a small world the requests come to: a sidecar beside the client, or a gateway. */
export type Place = 'sidecar' | 'gateway';

/** What config of a small world says about the place, so that most of it counts there and some does not. */
export interface PlaceWords {
  /** What VirtualServices are bound to. */
  readonly bindings: readonly (readonly string[])[];
  readonly exports: readonly (readonly string[])[];
  /** What matches are bound to: the place itself, and another. */
  readonly gateways: readonly [own: string, other: string];
  /** Authorities that matches ask for, and a pattern that some meet. */
  readonly authorities: readonly string[];
  readonly authorityPattern: string;
}

/** A set's words; `hosts` are the full names of a service, an external one, and a host that only a route has. */
export function wordsOf(
  place: Place,
  index: number,
  [service, external, alone]: readonly [string, string, string],
): PlaceWords {
  if (place === 'sidecar') {
    return {
      bindings: [['mesh'], ['mesh', 'web'], ['mesh'], ['web']],
      exports: [['.'], ['*'], ['default'], ['other']],
      gateways: ['mesh', 'web'],
      authorities: [`one${index}`, service, external],
      authorityPattern: '[^.]+',
    };
  }
  const own = `gw${index}`;
  return {
    bindings: [[own], ['mesh', own], [`default/${own}`], [own], [own, 'web'], [own], [own], ['mesh']],
    exports: [['.'], ['*'], ['default'], ['*'], ['.', 'other'], ['*'], ['*'], ['other']],
    gateways: [own, 'mesh'],
    authorities: [service, external, alone],
    authorityPattern: '[^:]+',
  };
}
