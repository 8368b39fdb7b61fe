import type { Step } from './step.js';

export const editSteps: readonly Step[] = [];
