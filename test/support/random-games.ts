/** Games of random legal moves with made-up searches, as self-play workers would send them. */

import { Rng } from '../../src/core/rng.js';
import { BLACK } from '../../src/go/color.js';
import { packPolicy, type GameRecord, type SearchRecord } from '../../src/go/game-record.js';
import { Position } from '../../src/go/position.js';
import { defaultRules } from '../../src/go/rules.js';

export interface RandomGameOptions {
  readonly size: number;
  readonly seed: number;
  readonly gameId?: string;
  readonly moves?: number;
  /** Share of full searches. */
  readonly full?: number;
}

/**
 * One game. The search always wants the first legal point and its value is what the final board says, so a network has
 * something to learn.
 */
export function randomGame({
  size,
  seed,
  gameId = `game-${seed}`,
  moves = 2 * size,
  full = 1,
}: RandomGameOptions): GameRecord {
  const rng = new Rng(seed);
  const rules = defaultRules(size);
  const position = new Position(size, rules);
  const legal = new Uint8Array(position.actionCount);
  const played: number[] = [];
  const searches: (Omit<SearchRecord, 'value'> & { black: boolean })[] = [];
  for (let ply = 0; ply < moves && !position.isOver; ply++) {
    position.legal(legal);
    if (ply < moves - 2) legal[size * size] = 0;
    const move = rng.weighted(legal);
    if (legal[move] === 0) break;
    const policy = new Float32Array(position.actionCount);
    policy[legal.indexOf(1)] = 0.75;
    policy[move] = policy[move]! + 0.25;
    searches.push({
      policy: packPolicy(policy),
      visits: 16,
      full: rng.float() < full,
      black: position.toMove === BLACK,
    });
    position.play(move);
    played.push(move);
  }
  const score = position.score();
  return {
    gameId,
    jobId: 'job',
    modelVersion: 'model@0',
    seed,
    size,
    rules,
    moves: played,
    searches: searches.map(({ black, ...search }) => ({ ...search, value: 0.5 * Math.sign(black ? score : -score) })),
    score,
  };
}
