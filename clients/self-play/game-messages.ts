/** What passes between a game thread and its owner. Positions and evaluations pass as the bytes that travel to the server. */

import type { AskedPrecision } from '../../src/core/precision.js';
import type { ThreadTrace } from '../../src/core/trace.js';
import type { GameRecord } from '../../src/go/game-record.js';
import type { SentError } from '../../src/threads/messages.js';
import type { PlayersSeen } from './game-players.js';
import type { PlayedGame } from './play-game.js';

/** What a game thread is started with. */
export interface GameStart {
  readonly precision: AskedPrecision;
  /** What the thread is called in a profile; '' for no profile. */
  readonly traced: string;
}

/** What a game thread does for its owner. */
export interface GameCalls {
  /** Resolves when the thread plays no more; rejects when playing is impossible. */
  run(): Promise<void>;
  /** Plays the game of a number that no other game has; undefined if the game was dropped. */
  play(number: number, game: PlayedGame): Promise<GameRecord | undefined>;
  drop(number: number): void;
  /** An EvaluateResponse of a call that the thread made. */
  answer(call: number, bytes: Uint8Array): void;
  /** The call has ended, with an error if one is given. */
  ended(call: number, why: SentError | undefined): void;
}

/** What a game thread says unasked. */
export type GameEvent =
  | { readonly seen: PlayersSeen }
  /** At its end: what the thread spent its time on. */
  | { readonly trace: ThreadTrace }
  | { readonly log: string; readonly fields: Readonly<Record<string, unknown>> }
  /** An EvaluateRequest of a call of Evaluate, which the first of them begins. */
  | { readonly call: number; readonly request: Uint8Array }
  /** No further request comes in the call; if `isAbandoned`, no answer is wanted either. */
  | { readonly call: number; readonly isAbandoned: boolean };
