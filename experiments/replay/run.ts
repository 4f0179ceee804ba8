/**
 * Which positions of a replay memory to train on, measured offline: a fixed memory of self-play games, networks trained
 * on it from equal weights for equal numbers of steps, and their losses on games that were set aside. Arms: uniform draws,
 * a share by policy surprise (KataGo), a share by angle concentration.
 * A run that was stopped goes on; its curves are in runs/.
 */

import { parseArgs } from 'node:util';
import { appendFileSync } from 'node:fs';
import { compareCurves, type Curve } from './compare.js';
import { learn } from './learn.js';
import { readLines, runFile } from '../shared/files.js';
import { gamesOf } from '../shared/self-play/games.js';

const arms = { uniform: {}, surprise: ['policySurpriseWeight'], angle: ['angleWeight'] } as const;

/** Keys: per arm the final losses and the steps to the target over those of uniform draws, with intervals. */
export async function run(args: string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({
    args,
    options: {
      board: { type: 'string', default: '9' },
      positions: { type: 'string', default: '32000' },
      steps: { type: 'string', default: '3000' },
      every: { type: 'string', default: '250' },
      seeds: { type: 'string', default: '5' },
      share: { type: 'string', default: '0.5' },
    },
  });
  const board = Number(values.board);
  const [positions, steps, every] = [Number(values.positions), Number(values.steps), Number(values.every)];
  const games = await gamesOf(board, positions);
  const file = runFile('replay', `${board}.jsonl`);
  const curves = readLines<Curve>(file);
  // Seed 0 fixes the target and is in no comparison.
  for (let seed = 0; seed <= Number(values.seeds); seed++) {
    for (const [arm, settings] of Object.entries(arms)) {
      if (curves.some((curve) => curve.arm === arm && curve.seed === seed) || (seed === 0 && arm !== 'uniform'))
        continue;
      const shares = Object.fromEntries(Object.values(settings).map((name) => [name, Number(values.share)]));
      const curve = {
        arm,
        seed,
        points: await learn(games, { board, seed, steps, every, ...shares, angleRenewSteps: every }),
      };
      curves.push(curve);
      appendFileSync(file, `${JSON.stringify(curve)}\n`);
    }
  }
  return { board, positions, steps, share: Number(values.share), ...compareCurves(curves) };
}
