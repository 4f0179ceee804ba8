/**
 * Scheduling of long and short sequences on three levels that are never mixed in one table: `planner` (constraints, time,
 * distance from the optimum), `real` (wall clock of two ranks on this machine) and `model` (the paper's clusters, simulated).
 * `--level planner|model|real|all`, planner if not given; `--trace FILE` belongs to `real`, as do all flags not listed here.
 */

import { parseArgs } from 'node:util';
import { AppError } from '../../src/core/errors.js';
import { runModel } from './model.js';
import { runPlanner } from './planner.js';
import { runReal } from './real.js';

const levels = ['planner', 'real', 'model'] as const;

const options = {
  level: { type: 'string' },
  /** Random cases of `planner`. */
  cases: { type: 'string', default: '100000' },
  /** Plans that are timed for each data set and policy. */
  plans: { type: 'string', default: '2000' },
  /** Batches of each setting of `model`. */
  batches: { type: 'string', default: '10' },
} as const;

/**
 * Keys: planP99Ms, violations, refinedOverOptimum (planner); speedupOverMicroBatch1, speedupOverPacking (real);
 * modelAverage (model); and what each of them is made of.
 */
export async function run(args: string[]): Promise<Record<string, unknown>> {
  const { values, tokens } = parseArgs({ args, options, strict: false, allowPositionals: true, tokens: true });
  const own = tokens.flatMap((token) => {
    if (token.kind !== 'option' || !(token.name in options)) return [];
    return token.inlineValue === false ? [token.index, token.index + 1] : [token.index];
  });
  const forReal = args.filter((_, index) => !own.includes(index));
  const level = values.level ?? (args.some((arg) => arg.startsWith('--trace')) ? 'real' : 'planner');
  const chosen = level === 'all' ? levels : levels.filter((known) => known === level);
  if (chosen.length === 0)
    throw new AppError('invalid-argument', `--level is '${String(level)}'; it is ${levels.join(', ')} or all`);
  const number = (name: 'cases' | 'plans' | 'batches'): number => Number(values[name]);
  const seed = 1;
  let found: Record<string, unknown> = {};
  if (chosen.includes('planner'))
    found = { ...found, ...runPlanner({ cases: number('cases'), plans: number('plans'), seed }) };
  if (chosen.includes('real')) found = { ...found, ...(await runReal(forReal)) };
  if (chosen.includes('model')) found = { ...found, ...runModel({ batches: number('batches'), seed }) };
  return { ...found, level };
}
