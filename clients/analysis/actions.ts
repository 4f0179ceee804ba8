/** Queries that ask for no analysis: what the engine is, and the end of what it does. */

import type { AnsweredPrecision } from '../../src/core/precision.js';
import type { ModelFacts } from '../shared/model-watch.js';
import type { AnalysisConfig } from './config.js';
import { Fields } from './fields.js';
import type { Answer } from './report.js';

/** Which positions to give up: those of one query, or of all; all turns, or some. */
export interface TerminateRequest {
  readonly id: string | undefined;
  readonly turns: readonly number[] | undefined;
}

interface ActionContext {
  readonly config: AnalysisConfig;
  readonly version: string;
  readonly model: () => Promise<ModelFacts>;
  /** Of the game that was analysed last; undefined if there is none yet. */
  readonly precision: AnsweredPrecision | undefined;
  readonly giveUp: (request: TerminateRequest) => Promise<void>;
}

/** Carries an action out; the answer is the query itself, with more fields for some. */
export async function answerAction(
  values: Readonly<Record<string, unknown>>,
  id: string,
  action: string,
  context: ActionContext,
): Promise<Answer> {
  switch (action) {
    case 'query_version':
      return { ...values, version: context.version, git_hash: '<omitted>' };
    case 'query_models':
      return { ...values, models: await describeModel(context) };
    case 'clear_cache':
      // No tree outlives its query, and the server's cache belongs to all of its clients.
      return values;
    case 'terminate':
    case 'terminate_all':
      return terminate(values, id, action, context);
    default: {
      const known = "'query_version' or 'query_models' or 'clear_cache' or 'terminate' or 'terminate_all'";
      return { error: `'action' field must be ${known}`, field: 'action', id };
    }
  }
}

async function terminate(
  values: Readonly<Record<string, unknown>>,
  id: string,
  action: string,
  context: ActionContext,
): Promise<Answer> {
  const fields = new Fields(values);
  const { terminateId } = values;
  if (action === 'terminate' && typeof terminateId !== 'string') {
    fields.refuse('terminateId', 'Requests for a terminate action must have a string "terminateId" field');
  }
  const turns = fields.integers('turnNumbers', 0, Number.MAX_SAFE_INTEGER);
  if (fields.problem) return { error: fields.problem.message, field: fields.problem.field, id };
  await context.giveUp({ id: action === 'terminate' ? String(terminateId) : undefined, turns });
  return values;
}

async function describeModel({ config, model, ...context }: ActionContext): Promise<readonly Answer[]> {
  let known: ModelFacts;
  try {
    known = await model();
  } catch {
    return [];
  }
  const { ref } = known;
  const maxBatchSize = config.positions * config.batch;
  const precision = context.precision ?? (config.precision === 'fp32' ? 'fp32' : known.precision);
  const facts = { name: ref, internalName: ref, maxBatchSize, precision };
  return [{ ...facts, usesHumanSLProfile: false, version: known.katagoVersion, usingFP16: 'false' }];
}
