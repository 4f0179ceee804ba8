/** What `tengen match` asks of a player: a model behind a server, a GTP program, or any object of a benchmark. */

import type { AnsweredPrecision } from '../../../src/core/precision.js';
import type { Color } from '../../../src/go/color.js';
import type { Rules } from '../../../src/go/rules.js';

export interface PlayerGame {
  /** Tells the player a move of either side; `action` is a point, or size² for a pass. */
  play(color: Color, action: number): Promise<void>;
  /** Asks for a move; the player counts it as played. */
  generateMove(color: Color): Promise<number | 'resign'>;
  /** The game is over; always called once. */
  end(): Promise<void>;
}

/** A player of many games, several at once. */
export interface Player {
  readonly name: string;
  /** In which the player's network answered; undefined if that is not known. */
  readonly precision?: AnsweredPrecision | undefined;
  /** @param seed of everything random in this player's moves */
  newGame(size: number, rules: Rules, seed: number, signal: AbortSignal): Promise<PlayerGame>;
  close(): Promise<void>;
}
