import type { Step } from './step.js';

export const metricsSteps: readonly Step[] = [];
