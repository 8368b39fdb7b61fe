import type { Step } from './step.js';

export const identitySteps: readonly Step[] = [];
