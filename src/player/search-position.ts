/** What the thinker searches: a Go position with, if an analysis asks for it, moves left out near the root. */

import type { Color } from '../go/color.js';
import type { Position } from '../go/position.js';
import type { Game } from '../search/game.js';

/** A ban, or its opposite, on moves of one player in the first moves of every line. */
export interface MoveRestriction {
  readonly player: Color;
  /** Actions [size² + 1]: 1 where the player may move. */
  readonly allowed: Uint8Array;
  /** Plies from the root to which it applies. */
  readonly depth: number;
}

/** A position of the search; satisfies the search's `Game`. */
export class SearchPosition implements Game {
  readonly position: Position;
  readonly #restrictions: readonly MoveRestriction[];
  /** Moves from the root of the search to here. */
  #ply = 0;

  /** @param position changed by `play`, so a copy of the game's */
  constructor(position: Position, restrictions: readonly MoveRestriction[] = []) {
    this.position = position;
    this.#restrictions = restrictions;
  }

  get actionCount(): number {
    return this.position.actionCount;
  }
  get toMove(): number {
    return this.position.toMove;
  }
  get isOver(): boolean {
    return this.position.isOver;
  }

  /** As `Position.legal`, without what is restricted; a player who may do nothing else may pass. */
  legal(out: Uint8Array): number {
    let count = this.position.legal(out);
    for (const { player, depth, allowed } of this.#restrictions) {
      if (player !== this.toMove || this.#ply >= depth) continue;
      for (let action = 0; action < this.actionCount; action++) {
        if (out[action] === 1 && allowed[action] === 0) {
          out[action] = 0;
          count--;
        }
      }
    }
    if (count > 0 || this.isOver) return count;
    out[this.actionCount - 1] = 1;
    return 1;
  }

  play(action: number): void {
    this.position.play(action);
    this.#ply++;
  }

  terminalValue(): number {
    return this.position.terminalValue();
  }

  clone(): this {
    const copy = new SearchPosition(this.position.clone(), this.#restrictions);
    copy.#ply = this.#ply;
    return copy as this;
  }

  copyFrom(other: this): void {
    this.position.copyFrom(other.position);
    this.#ply = other.#ply;
  }
}
