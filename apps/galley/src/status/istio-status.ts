/** @see https://istio.io/latest/docs/reference/config/meta/v1beta1/istio-status/#IstioCondition */
export interface Condition {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
  /** RFC 3339. */
  readonly lastTransitionTime: string;
}

/** @see https://istio.io/latest/docs/reference/config/meta/v1beta1/istio-status/ */
export interface IstioStatus {
  readonly observedGeneration: number;
  readonly conditions: readonly unknown[];
  readonly validationMessages: readonly ValidationMessage[];
}

export interface ValidationMessage {
  readonly type: { readonly name: string; readonly code: string };
  readonly level: string;
  readonly documentationUrl: string;
  readonly message: string;
}
