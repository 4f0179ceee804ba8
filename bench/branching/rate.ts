/**
 * Plays the rating games that the results still lack, for one of `--parts` processes. Run again, it goes on where it
 * stopped.
 */

import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { openEngine } from '../../src/engine/open-engine.js';
import { rulesOf } from '../../src/trainer/alphazero/config.js';
import { opponentsOf, uctAnchors } from './anchors.js';
import {
  appendResult,
  configOf,
  experimentFlags,
  networkFile,
  playerOf,
  readExperiment,
  readResults,
} from './experiment.js';
import { findGnugo, gnugoGames } from './gnugo-games.js';
import { Network } from './network.js';
import { ratingGames, type RatedPlayer, type RatingOptions } from './rating-games.js';

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
const checkpoints = new Set(
  lines.flatMap((line) => (line.kind === 'checkpoint' && experiment.marks.includes(line.mark) ? [playerOf(line)] : [])),
);
const played = new Set(lines.flatMap((line) => (line.kind === 'match' ? [`${line.a} ${line.b}`] : [])));
const gnugo = findGnugo();

// The main comparison and the end of the budget first: they say most.
const isMain = (name: string): number => (name.startsWith('base/') || name.startsWith('uge/') ? 1 : 0);
const markOf = (name: string): number => Number(name.split('/')[2]);
for (const name of [...checkpoints].sort((a, b) => isMain(b) - isMain(a) || markOf(b) - markOf(a))) {
  if (hash(name) % Number(values.parts) !== Number(values.part)) continue;
  if (values.arms !== '' && !values.arms.split(',').includes(name.split('/')[0]!)) continue;
  const wanted = opponentsOf(experiment, name).filter((opponent) => !played.has(`${name} ${opponent}`));
  const networks = new Map<string, Network>();
  const load = async (other: string): Promise<RatedPlayer> => {
    const network = await Network.load(readFileSync(networkFile(experiment, other)), engine);
    networks.set(other, network);
    return { name: other, network };
  };
  const opponents: RatedPlayer[] = [];
  for (const other of wanted) {
    const uct = uctAnchors.find((anchor) => anchor.name === other);
    if (uct) opponents.push(uct);
    else if (checkpoints.has(other)) opponents.push(await load(other));
  }
  const wantsGnugo = gnugo !== undefined && wanted.includes('gnugo');
  if (opponents.length === 0 && !wantsGnugo) continue;
  const player = await load(name);
  const scores = await ratingGames(player, opponents, options);
  opponents.forEach((opponent, i) => {
    appendResult(experiment, { kind: 'match', a: name, b: opponent.name, ...scores[i]! });
  });
  if (wantsGnugo) {
    const games = { ...options, games: Number(values['gnugo-games']) };
    const score = await gnugoGames(networks.get(name)!, gnugo, games);
    appendResult(experiment, { kind: 'match', a: name, b: 'gnugo', ...score });
  }
  for (const network of networks.values()) await network.release();
}

function hash(text: string): number {
  let sum = 0;
  for (const letter of text) sum = (sum * 31 + letter.charCodeAt(0)) % 1_000_003;
  return sum;
}
