import type { Step } from './step.js';

export const routingSteps: readonly Step[] = [];
