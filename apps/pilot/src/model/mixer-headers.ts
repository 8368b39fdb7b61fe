/** Header names in lower case, sorted: what an access log has to carry for Mixer's expressions. */
export interface MixerHeaders {
  readonly request: readonly string[];
  readonly response: readonly string[];
}
