/**
 * Bytes and extreme values to everything that strangers can reach: every gRPC call of a server with models loaded, both of
 * its HTTP ports, model files, checkpoints, data sets, and the bridge's GTP, SGF and analysis queries.
 *
 *   npm run bench -- fuzz [--cases 200000] [--seed 1] [--target NAME] [--only CASE] [--seconds 20] --json
 */

import { parseArgs } from 'node:util';
import { check } from '../src/core/errors.js';
import { fuzz } from './fuzz/run.js';

/**
 * Keys: `cases`, `crashes` (a process ended), `hangs` (no answer in `--seconds`, or a known answer that was wrong or late after
 * a block of cases), `unclear` (an answer with the status of a bug, or without a sentence for a person: verdict.ts),
 * `casesPerSecond`, and `casesOf` each target. Every finding is a line on stderr with the command that repeats it.
 */
export async function run(args: string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({
    args,
    options: {
      cases: { type: 'string', default: '200000' },
      seed: { type: 'string', default: '1' },
      target: { type: 'string', default: '' },
      only: { type: 'string', default: '' },
      seconds: { type: 'string', default: '20' },
    },
  });
  const [cases, seed, seconds] = [values.cases, values.seed, values.seconds].map(Number) as [number, number, number];
  check(Number.isInteger(cases) && cases >= 1, () => `--cases is ${values.cases}; it must be a whole number from 1 on`);
  const only = values.only === '' ? undefined : Number(values.only);
  return fuzz({ cases, seed, only, target: values.target, boundMs: seconds * 1000 });
}
