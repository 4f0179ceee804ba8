/** The flags that describe a comparison, and the settings of its runs. */

import type { parseArgs } from 'node:util';
import { check } from '../../src/core/errors.js';
import { readAlphaZeroConfig, type AlphaZeroConfig } from '../../src/trainer/alphazero/config.js';
import { baseOf } from '../shared/self-play/base.js';
import type { Experiment } from '../shared/self-play/experiment.js';
import { arms, type Arm } from './arms.js';

/** Flags that describe an experiment; every process of it gets them. */
export const experimentFlags = {
  board: { type: 'string', default: '7' },
  positions: { type: 'string', default: '100000' },
  slots: { type: 'string', default: '32' },
  'version-every': { type: 'string', default: '2000' },
  name: { type: 'string', default: '' },
  set: { type: 'string', multiple: true, default: [] as string[] },
} as const;

/** Reads the flags. @throws AppError 'invalid-argument' */
export function readExperiment(
  values: ReturnType<typeof parseArgs<{ options: typeof experimentFlags }>>['values'],
): Experiment {
  const number = (name: 'board' | 'positions' | 'slots' | 'version-every'): number => {
    const value = Number(values[name]);
    check(
      Number.isInteger(value) && value > 0,
      () => `--${name} is ${values[name]}; it must be a whole number above 0`,
    );
    return value;
  };
  const size = number('board');
  const positions = number('positions');
  // Halves of the budget, with one more near the end where the curves are compared.
  const marks = [1 / 8, 1 / 4, 1 / 2, 3 / 4, 1].map((share) => Math.round(positions * share));
  const set = Object.fromEntries(
    values.set.map((setting): [string, unknown] => {
      const [name, value] = setting.split('=');
      check(name !== undefined && value !== undefined, () => `--set is '${setting}'; it must be NAME=VALUE`);
      return [
        name,
        value === 'true' ? true : value === 'false' ? false : Number.isNaN(Number(value)) ? value : Number(value),
      ];
    }),
  );
  const name = values.name === '' ? `${size}x${size}` : values.name;
  const [slots, versionEvery] = [number('slots'), number('version-every')];
  return { folder: 'branching', name, size, positions, marks, slots, versionEvery, set };
}

/** The settings of one run. Equal seeds give equal first weights and openings in every arm. */
export function configOf(experiment: Experiment, arm: Arm, seed: number): AlphaZeroConfig {
  const { size, positions, set } = experiment;
  return readAlphaZeroConfig({ ...baseOf(size), ...set, ...arms[arm], size, seed, maxPositions: positions });
}
