/** SchedulingService: the scheduling method for training loops of other languages. Runs in threads; nothing is kept between calls. */

import { fitCostModel } from '../../methods/scheduling/fit.js';
import { planStep as plan } from '../../methods/scheduling/plan-step.js';
import {
  FitCostRequest,
  FitCostResponse,
  PlanStepRequest,
  PlanStepResponse,
} from '../../proto/tengen/v1/scheduling.js';
import { costToWire, planRequestFromWire, planToWire, samplesFromWire } from '../../wire/scheduling.js';
import { carryOut } from '../transport/carry-out.js';

export const planStep = carryOut(PlanStepRequest, PlanStepResponse, (request) => {
  const { policy, lengths, cluster, options } = planRequestFromWire(request);
  return planToWire(plan(policy, lengths, cluster, options), lengths, cluster);
});

/** Fits the constants of the cost model. */
export const fitCost = carryOut(FitCostRequest, FitCostResponse, ({ samples, contextParallel, stepMs }) => {
  const { cost, meanError } = fitCostModel(samplesFromWire(samples, contextParallel), contextParallel, stepMs);
  return { cost: costToWire(cost), meanError };
});
