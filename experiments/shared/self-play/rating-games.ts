/**
 * Rating games of checkpoints, many at once in this thread: networks search without noise, UCT players play random games.
 * Each opening is played with both colors.
 */

import { Rng } from '../../../src/core/rng.js';
import type { GoEvaluation } from '../../../src/go/evaluation.js';
import { makeOpeningBook } from '../../../src/go/opening-book.js';
import { Position } from '../../../src/go/position.js';
import type { Rules } from '../../../src/go/rules.js';
import { BLACK } from '../../../src/go/color.js';
import { LockstepGroup } from '../../../src/search/drive.js';
import { search } from '../../../src/search/search.js';
import { Tree } from '../../../src/search/tree.js';
import { asking, type Question } from '../../../clients/self-play/running-game.js';
import { UctPlayer } from '../../../clients/shared/uct.js';
import type { Network } from './network.js';

type Answers = Pick<Network, 'evaluate'>;

/** A network under its name, or UCT with so many playouts a move. */
export type RatedPlayer =
  { readonly name: string; readonly network: Answers } | { readonly name: string; readonly playouts: number };

export interface RatingOptions {
  readonly size: number;
  readonly rules: Rules;
  /** Games of every pair; even. */
  readonly games: number;
  /** Simulations of a network's search. */
  readonly visits: number;
}

/** Results of one pair, from the side of the first player. */
export interface PairScore {
  readonly wins: number;
  readonly draws: number;
  readonly losses: number;
}

/** Moves of the openings. */
const OPENING_PLIES = 2;

/** Plays `player` against each of `opponents` and returns the results in their order. */
export async function ratingGames(
  player: RatedPlayer,
  opponents: readonly RatedPlayer[],
  options: RatingOptions,
): Promise<PairScore[]> {
  const { size, rules, games } = options;
  // The same openings for every pair of an experiment.
  const openings = makeOpeningBook({ size, rules, plies: OPENING_PLIES, count: games / 2 }, new Rng(1));
  const networks = new Map<string, Answers>();
  for (const one of [player, ...opponents]) if ('network' in one) networks.set(one.name, one.network);
  const scores = opponents.map(() => ({ wins: 0, draws: 0, losses: 0 }));
  const group = new LockstepGroup<Question, readonly GoEvaluation[], number>();
  opponents.forEach((opponent, pair) => {
    for (let game = 0; game < games; game++) {
      const isBlack = game % 2 === 0;
      const sides = isBlack ? ([player, opponent] as const) : ([opponent, player] as const);
      const opening = openings[game >> 1]!;
      const onDone = (result: number): void => {
        const own = isBlack ? result : -result;
        scores[pair]![own > 0 ? 'wins' : own < 0 ? 'losses' : 'draws']++;
      };
      group.add(playGame(sides, opening, new Rng(game), options), onDone, (error) => {
        throw error;
      });
    }
  });
  while (group.size > 0) await group.step((questions) => answer(questions, networks));
  return scores;
}

/** Plays one game; returns the result for Black. */
function* playGame(
  sides: readonly [RatedPlayer, RatedPlayer],
  opening: readonly number[],
  rng: Rng,
  { size, rules, visits }: RatingOptions,
): Generator<Question, number, readonly GoEvaluation[]> {
  const position = new Position(size, rules);
  for (const move of opening) position.play(move);
  const trees = [new Tree(), new Tree()] as const;
  const uct = sides.map((side) => ('playouts' in side ? new UctPlayer(side) : undefined));
  for (let moves = opening.length; !position.isOver && moves < 3 * size * size; moves++) {
    const index = position.toMove === BLACK ? 0 : 1;
    const move =
      uct[index]?.chooseMove(position, rng) ??
      (yield* asking(sides[index].name, search(position, { visits }, rng, trees[index]))).bestAction;
    position.play(move);
    for (const tree of trees) tree.advance(move);
  }
  return Math.sign(position.score());
}

async function answer(
  questions: readonly Question[],
  networks: ReadonlyMap<string, Answers>,
): Promise<(readonly GoEvaluation[])[]> {
  const answers = new Array<readonly GoEvaluation[]>(questions.length);
  for (const [name, network] of networks) {
    const asked = questions.map((_, i) => i).filter((i) => questions[i]!.model === name);
    const evaluations = await network.evaluate(asked.flatMap((i) => questions[i]!.positions));
    let next = 0;
    for (const i of asked) answers[i] = evaluations.slice(next, (next += questions[i]!.positions.length));
  }
  return answers;
}
