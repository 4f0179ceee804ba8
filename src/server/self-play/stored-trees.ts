/**
 * What is stored of the game trees that are being played. Workers add to a tree one game at a time, several streams may
 * speak of the same tree, and the next worker must get all of it: whatever reads or adds to a tree waits for its turn.
 */

import { Turns } from '../../core/turns.js';
import * as pb from '../../proto/tengen/v1/self_play.js';
import type { GameStore } from '../../store/store.js';
import type { Work } from '../../trainer/go-data/work.js';

export type Moves = readonly number[];

/** The trees in the lease book. */
export class StoredTrees {
  readonly #games: Pick<GameStore, 'tree'>;
  /** A turn for each tree, by the id of the tree. */
  readonly #turns = new Turns();
  /** Moves of the stored games of a tree; forgotten when its work leaves the book. */
  readonly #moves = new WeakMap<Work, Moves[]>();

  constructor(games: Pick<GameStore, 'tree'>) {
    this.#games = games;
  }

  /** Runs `body` when everything asked for before on the same tree is over. */
  inTurn<T>(treeId: string, body: () => Promise<T>): Promise<T> {
    return this.#turns.take(treeId, body);
  }

  /** The stored games of a tree, in order. */
  async read(treeId: string): Promise<pb.GameRecord[]> {
    const rows = await this.#games.tree(treeId);
    return rows.map(({ bytes }) => pb.GameRecord.decode(bytes));
  }

  /** The moves of the stored games of a tree, in order; the tree is read only once for as long as it is in the book. */
  async moves(work: Work): Promise<readonly Moves[]> {
    let moves = this.#moves.get(work);
    if (!moves) {
      moves = (await this.read(work.gameId)).map((game) => game.moves);
      this.#moves.set(work, moves);
    }
    return moves;
  }

  /** Notes that the next game of a tree is stored; only after `moves` in the same turn. */
  added(work: Work, moves: Moves): void {
    this.#moves.get(work)?.push(moves);
  }
}
