/**
 * Plays the rating games that the results still lack: every checkpoint against every anchor, for one of `--parts`
 * processes. Run again, it goes on where it stopped.
 */

import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { openEngine } from '../../src/engine/open-engine.js';
import { rulesOf } from '../../src/trainer/alphazero/config.js';
import { anchorsOf, uctAnchors } from './anchors.js';
import {
  appendResult,
  configOf,
  experimentFlags,
  networkFile,
  playerOf,
  readExperiment,
  readResults,
  type CheckpointLine,
} from './experiment.js';
import { findGnugo, gnugoGames } from './gnugo-games.js';
import { Network } from './network.js';
import { ratingGames, type RatedPlayer, type RatingOptions } from './rating-games.js';

const { values } = parseArgs({
  options: {
    ...experimentFlags,
    games: { type: 'string', default: '40' },
    'gnugo-games': { type: 'string', default: '20' },
    visits: { type: 'string', default: '32' },
    part: { type: 'string', default: '0' },
    parts: { type: 'string', default: '1' },
  },
});
const experiment = readExperiment(values);
const engine = await openEngine({ engine: 'onnxruntime', provider: 'cpu' });
const rules = rulesOf(configOf(experiment, 'base', 1));
const options: RatingOptions = {
  size: experiment.size,
  rules,
  games: Number(values.games),
  visits: Number(values.visits),
};

const lines = readResults(experiment);
const checkpoints = lines.filter((line): line is CheckpointLine => line.kind === 'checkpoint').map(playerOf);
const played = new Set(lines.flatMap((line) => (line.kind === 'match' ? [`${line.a} ${line.b}`] : [])));
const load = async (name: string): Promise<RatedPlayer & { network: Network }> => ({
  name,
  network: await Network.load(readFileSync(networkFile(experiment, name)), engine),
});
const frozen = await Promise.all(
  anchorsOf(experiment)
    .filter((name) => checkpoints.includes(name))
    .map(load),
);
const opponents: readonly RatedPlayer[] = [...frozen, ...uctAnchors];
const gnugo = findGnugo();

for (const name of [...new Set(checkpoints)].sort()) {
  if (hash(name) % Number(values.parts) !== Number(values.part)) continue;
  const wanted = opponents.filter((opponent) => opponent.name !== name && !played.has(`${name} ${opponent.name}`));
  const wantsGnugo = gnugo !== undefined && isLate(name) && !played.has(`${name} gnugo`);
  if (wanted.length === 0 && !wantsGnugo) continue;
  const player = await load(name);
  const scores = await ratingGames(player, wanted, options);
  wanted.forEach((opponent, i) => {
    appendResult(experiment, { kind: 'match', a: name, b: opponent.name, ...scores[i]! });
  });
  if (wantsGnugo) {
    const score = await gnugoGames(player.network, gnugo, { ...options, games: Number(values['gnugo-games']) });
    appendResult(experiment, { kind: 'match', a: name, b: 'gnugo', ...score });
  }
  await player.network.release();
}

/** GNU Go is slow; it meets the checkpoints of the second half. */
function isLate(name: string): boolean {
  return Number(name.split('/')[2]) >= experiment.positions / 2;
}

function hash(text: string): number {
  let sum = 0;
  for (const letter of text) sum = (sum * 31 + letter.charCodeAt(0)) % 1_000_003;
  return sum;
}
