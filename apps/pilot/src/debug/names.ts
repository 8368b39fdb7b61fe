/** Injection token: the name of this replica. */
export const PILOT_NAME = Symbol('PilotName');
