import type { Step } from './step.js';

export const policySteps: readonly Step[] = [];
