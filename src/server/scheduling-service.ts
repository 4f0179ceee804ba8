/** SchedulingService: the scheduling method for training loops of other languages. Nothing is kept between calls. */

import { fitCostModel } from '../methods/scheduling/fit.js';
import { planStep } from '../methods/scheduling/plan-step.js';
import type {
  FitCostRequest,
  FitCostResponse,
  PlanStepRequest,
  PlanStepResponse,
  SchedulingServiceImplementation,
} from '../proto/tengen/v1/scheduling.js';
import { costToWire, planRequestFromWire, planToWire, samplesFromWire } from '../wire/scheduling.js';

/** Makes the service. */
export function makeSchedulingService(): SchedulingServiceImplementation {
  return {
    planStep: (request) => Promise.resolve(plan(request)),
    fitCost: (request) => Promise.resolve(fit(request)),
  };
}

function plan(request: PlanStepRequest): PlanStepResponse {
  const { policy, lengths, cluster, options } = planRequestFromWire(request);
  return planToWire(planStep(policy, lengths, cluster, options), lengths, cluster);
}

function fit({ samples, contextParallel, stepMs }: FitCostRequest): FitCostResponse {
  const { cost, meanError } = fitCostModel(samplesFromWire(samples), contextParallel, stepMs);
  return { cost: costToWire(cost), meanError };
}
