import type { Step } from './step.js';

export const chaosSteps: readonly Step[] = [];
