/**
 * What the search needs to know of a game. `go/position.ts` satisfies this structurally, and so do the toy games of the
 * tests: search knows neither Go nor networks.
 */
export interface Game {
  /** Number of actions, legal or not; actions are 0 … actionCount − 1. */
  readonly actionCount: number;
  /** The player to move; any two different numbers for the two players. */
  readonly toMove: number;
  /** Whether the game has ended. */
  readonly isOver: boolean;
  /** Writes 1 for every legal action and 0 for the others into `out` [actionCount]; returns how many are legal. */
  legal(out: Uint8Array): number;
  /** Plays a legal action in place. */
  play(action: number): void;
  /** The result of a game that is over, in [-1, 1], for the player to move. */
  terminalValue(): number;
  /**
   * The result, in [-1, 1] for the player to move, of ending the game with its next action; undefined where it cannot,
   * as everywhere but after a pass in Go. What a player can have by ending is the least that the position is worth.
   */
  endingValue?(): number | undefined;
  /** An independent copy. */
  clone(): this;
  /** Becomes a copy of `other` without allocating, where `other` is of the same kind and size. */
  copyFrom(other: this): void;
}
