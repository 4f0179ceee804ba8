/**
 * Plays the games of a tree: after each one it looks where the result is most uncertain, and the next one begins there.
 * Game k depends on the seed of the task, on k and on the games before it, not on who played those: a worker that
 * receives the stored games of another one continues its tree.
 */

import { Rng } from '../../src/core/rng.js';
import { assert } from '../../src/core/errors.js';
import { variationId, type GameRecord } from '../../src/go/game-record.js';
import { movesTo, pickBranch, type Branch } from '../../src/methods/branching/branch-point.js';
import { GameTree } from '../../src/methods/branching/game-tree.js';
import type { BranchSettings } from '../../src/methods/branching/settings.js';
import { addRecord } from '../../src/wire/record-tree.js';
import type { GameTask } from './game-task.js';
import { playGame, type PlayedGame } from './play-game.js';
import type { RunningGame } from './running-game.js';

/** Draws after which a tree without eligible positions counts as explored. */
const MOST_DRAWS = 100;

/** A tree being played; its games follow one another, since where one begins depends on how the others ended. */
export class TreePlay {
  readonly #task: GameTask;
  readonly #settings: BranchSettings;
  readonly #tree = new GameTree();
  #branch: Branch | undefined;

  /**
   * @param task of a tree: with settings for branching
   * @param stored the games of the tree so far, in order
   * @throws AppError 'invalid-argument' if these do not make up a tree
   */
  constructor(task: GameTask, stored: readonly GameRecord[] = []) {
    const { branching } = task.settings;
    assert(branching !== undefined, 'a tree is played with settings for branching');
    this.#task = task;
    this.#settings = branching;
    for (const record of stored) addRecord(this.#tree, record);
    this.#branch = this.#nextBranch();
    if (stored.at(-1)?.variation?.isLast === false) this.#branch ??= this.#anyBranch();
  }

  /** Whether the tree has all its games, or nothing more to explore. */
  get isComplete(): boolean {
    return this.#tree.variations > 0 && this.#branch === undefined;
  }

  /** The next game to play; `finish` takes it before the one after it is asked for. Not for a complete tree. */
  next(modelVersion: string): PlayedGame {
    assert(!this.isComplete, 'a complete tree has no next variation');
    const index = this.#tree.variations;
    return { task: { ...this.#task, modelVersion }, variation: { moves: this.#sharedMoves(), index } };
  }

  /** Adds the game that was asked for last. @returns its record, with its place in the tree */
  finish(played: GameRecord): GameRecord {
    const treeId = this.#task.gameId;
    const index = this.#tree.variations;
    const backUp = this.#branch?.backUp ?? 0;
    const variation = { treeId, index, sharedMoves: this.#sharedMoves().length, backUp };
    const gameId = variationId(treeId, index);
    addRecord(this.#tree, asStored({ ...played, gameId, variation: { ...variation, isLast: false } }));
    this.#branch = this.#nextBranch();
    return { ...played, gameId, variation: { ...variation, isLast: this.isComplete } };
  }

  /** Both at once: a generator like `playGame`; ask again only after it has ended. */
  *nextVariation(modelVersion: string): RunningGame {
    const { task, variation } = this.next(modelVersion);
    return this.finish(yield* playGame(task, variation));
  }

  #sharedMoves(): number[] {
    return this.#branch ? [...movesTo(this.#branch.node), this.#branch.move] : [];
  }

  #nextBranch(): Branch | undefined {
    return pickBranch(this.#tree, this.#settings, this.#branchRng());
  }

  /**
   * For a tree that was left with more to come and in which we see nothing eligible, as after a worker of another version:
   * it takes a last game to end it, or it would be leased to and fro for ever.
   */
  #anyBranch(): Branch | undefined {
    const rng = this.#branchRng();
    for (let draw = 0; draw < MOST_DRAWS; draw++) {
      const branch = pickBranch(this.#tree, { ...this.#settings, points: 'random' }, rng);
      if (branch) return branch;
    }
    return undefined;
  }

  /** What the place of the next game is drawn from. */
  #branchRng(): Rng {
    return new Rng(this.#task.seed).fork(2 * this.#tree.variations);
  }
}

/** A game as the next worker will see it: values travel as single floats, and both must find the same branches. */
function asStored(record: GameRecord): GameRecord {
  return { ...record, searches: record.searches.map((search) => ({ ...search, value: Math.fround(search.value) })) };
}
