import type { Step } from './step.js';

export const lastGoodSteps: readonly Step[] = [];
