import type { HttpClient } from '../measure/http-client.js';
import type { Mesh } from '../mesh.js';
import type { ConfigFolder } from './config-folder.js';

/** What every step of the tour works with. */
export interface Tour {
  readonly mesh: Mesh;
  /** The ingress gateway, as a user reaches it. */
  readonly gateway: HttpClient;
  readonly gatewayPort: number;
  /** The folder that Galley reads. */
  readonly config: ConfigFolder;
}

/** One line of the tour. Resolves with what was seen; throws with what was not as it has to be. */
export interface Step {
  readonly name: string;
  readonly run: (tour: Tour) => Promise<string>;
}

/** Throws unless the statement holds. `what` says what was seen instead. */
export function check(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(what);
}
