/** Trains one arm with one seed: `node build/experiments/branching/train.js --arm uge --seed 1 [flags of the experiment]`. */

import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { check } from '../../src/core/errors.js';
import { checkFacts } from '../../bench/shared/append-result.js';
import { arms, type Arm } from './arms.js';
import { appendResult, networkFile, playerOf } from '../shared/self-play/experiment.js';
import { trainingRun } from '../shared/self-play/training-run.js';
import { configOf, experimentFlags, readExperiment } from './settings.js';

const { values } = parseArgs({ options: { ...experimentFlags, arm: { type: 'string' }, seed: { type: 'string' } } });
checkFacts();
const experiment = readExperiment(values);
const arm = values.arm as Arm;
const seed = Number(values.seed);
check(arm in arms, () => `--arm is ${String(values.arm)}; it must be one of ${Object.keys(arms).join(', ')}`);
const { marks, slots, versionEvery } = experiment;
await trainingRun({
  config: configOf(experiment, arm, seed),
  marks,
  slots,
  versionEvery,
  onCheckpoint: ({ modelFile, trees, ...checkpoint }) => {
    const line = { kind: 'checkpoint', arm, seed, ...checkpoint, ...(trees && { trees: { ...trees } }) } as const;
    writeFileSync(networkFile(experiment, playerOf(line)), modelFile);
    appendResult(experiment, line);
    return Promise.resolve();
  },
});
