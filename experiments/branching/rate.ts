/**
 * Plays the rating games that the results still lack, for one of `--parts` processes. Run again, it goes on where it
 * stopped.
 */

import { parseArgs } from 'node:util';
import { openEngine } from '../../src/engine/open-engine.js';
import { cpuEngine } from '../../src/engine/engine-settings.js';
import { rulesOf } from '../../src/trainer/alphazero/config.js';
import { checkFacts } from '../../bench/shared/append-result.js';
import { opponentsOf } from '../shared/self-play/anchors.js';
import { rateCheckpoints } from '../shared/self-play/rate-checkpoints.js';
import type { RatingOptions } from '../shared/self-play/rating-games.js';
import { configOf, experimentFlags, readExperiment } from './settings.js';

const { values } = parseArgs({
  options: {
    ...experimentFlags,
    games: { type: 'string', default: '40' },
    /** Rates the checkpoints of these arms only; all if not given. */
    arms: { type: 'string', default: '' },
    'gnugo-games': { type: 'string', default: '20' },
    visits: { type: 'string', default: '32' },
    part: { type: 'string', default: '0' },
    parts: { type: 'string', default: '1' },
  },
});
checkFacts();
const experiment = readExperiment(values);
const engine = await openEngine(cpuEngine);
const rules = rulesOf(configOf(experiment, 'base', 1));
const options: RatingOptions = {
  size: experiment.size,
  rules,
  games: Number(values.games),
  visits: Number(values.visits),
};

// The main comparison and the end of the budget first: they say most.
const isMain = (name: string): number => (name.startsWith('base/') || name.startsWith('uge/') ? 1 : 0);
const markOf = (name: string): number => Number(name.split('/')[2]);
const arms = values.arms === '' ? undefined : values.arms.split(',');

await rateCheckpoints(experiment, engine, {
  ...options,
  gnugoGames: Number(values['gnugo-games']),
  isWanted: (name) =>
    hash(name) % Number(values.parts) === Number(values.part) && (arms?.includes(name.split('/')[0]!) ?? true),
  priority: (name) => isMain(name) * 2 * experiment.positions + markOf(name),
  opponentsOf: (name) => opponentsOf(experiment, name),
});

function hash(text: string): number {
  let sum = 0;
  for (const letter of text) sum = (sum * 31 + letter.charCodeAt(0)) % 1_000_003;
  return sum;
}
