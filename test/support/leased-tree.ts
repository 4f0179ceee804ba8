/** The games of a leased tree as a worker plays them, one call a game. */

import { taskFromLease } from '../../clients/self-play/game-task.js';
import { TreePlay } from '../../clients/self-play/tree-play.js';
import type { GameRecord, Lease } from '../../src/proto/tengen/v1/self_play.js';
import { gameRecordFromWire, gameRecordToWire } from '../../src/wire/game-record.js';
import { heuristicEvaluation } from './heuristic-evaluator.js';

/** Plays on from the variations that came with the lease. */
export class LeasedTree {
  readonly #lease: Lease;
  readonly #play: TreePlay;

  constructor(lease: Lease) {
    this.#lease = lease;
    this.#play = new TreePlay(taskFromLease(lease), lease.variations.map(gameRecordFromWire));
  }

  /** Plays the next game. @param confidence of the network's policy; another one plays other games */
  next(confidence = 1): GameRecord {
    const game = this.#play.nextVariation(this.#lease.modelVersion);
    for (let step = game.next(); ;) {
      if (step.done) return gameRecordToWire(step.value);
      step = game.next(
        step.value.positions.map((position) => {
          const evaluation = heuristicEvaluation(position.snapshot());
          return { ...evaluation, logits: evaluation.logits.map((logit) => confidence * logit) };
        }),
      );
    }
  }

  /** Plays all that is left. */
  rest(): GameRecord[] {
    const games: GameRecord[] = [];
    while (!this.#play.isComplete) games.push(this.next());
    return games;
  }
}
