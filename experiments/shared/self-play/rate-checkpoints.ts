/** Plays the rating games that the results of an experiment still lack. Called again, it goes on where it stopped. */

import { readFileSync } from 'node:fs';
import type { Engine } from '../../../src/engine/engine.js';
import { uctAnchors } from './anchors.js';
import { appendResult, networkFile, playerOf, readResults, type Experiment } from './experiment.js';
import { gnugoCommand } from '../gnugo.js';
import { gnugoGames } from './gnugo-games.js';
import { Network } from './network.js';
import { ratingGames, type RatedPlayer, type RatingOptions } from './rating-games.js';

/** Which checkpoints meet whom. */
export interface CheckpointRating extends RatingOptions {
  /** Games against GNU Go, where it is among the opponents and installed. */
  readonly gnugoGames: number;
  isWanted(player: string): boolean;
  /** Those with a higher one first. */
  priority(player: string): number;
  opponentsOf(player: string): readonly string[];
}

/** Rates every checkpoint of the results that is wanted, in this thread. */
export async function rateCheckpoints(experiment: Experiment, engine: Engine, rating: CheckpointRating): Promise<void> {
  const lines = readResults(experiment);
  const checkpoints = new Set(
    lines.flatMap((line) =>
      line.kind === 'checkpoint' && experiment.marks.includes(line.mark) ? [playerOf(line)] : [],
    ),
  );
  const played = new Set(lines.flatMap((line) => (line.kind === 'match' ? [`${line.a} ${line.b}`] : [])));
  const gnugo = gnugoCommand(1);
  for (const name of [...checkpoints].sort((a, b) => rating.priority(b) - rating.priority(a))) {
    if (!rating.isWanted(name)) continue;
    const wanted = rating.opponentsOf(name).filter((opponent) => !played.has(`${name} ${opponent}`));
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
    const scores = await ratingGames(player, opponents, rating);
    opponents.forEach((opponent, i) => {
      appendResult(experiment, { kind: 'match', a: name, b: opponent.name, ...scores[i]! });
    });
    if (wantsGnugo) {
      const score = await gnugoGames(networks.get(name)!, gnugo, { ...rating, games: rating.gnugoGames });
      appendResult(experiment, { kind: 'match', a: name, b: 'gnugo', ...score });
    }
    for (const network of networks.values()) await network.release();
  }
}
