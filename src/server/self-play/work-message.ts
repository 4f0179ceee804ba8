/** What workers say, as it comes: a game is read and played through by the rules. Long ones in threads; no lease is known here. */

import { AppError, check } from '../../core/errors.js';
import { replayGame, type GameRecord } from '../../go/game-record.js';
import {
  SelfPlayServiceDefinition,
  WorkRequest,
  type GiveBack,
  type Heartbeat,
  type Hello,
} from '../../proto/tengen/v1/self_play.js';
import * as pb from '../../proto/tengen/v1/self_play.js';
import { owned } from '../../threads/messages.js';
import { threadModule } from '../../threads/pool.js';
import { gameRecordFromWire } from '../../wire/game-record.js';
import { askedInBytes, type MessageReader, type Reading } from '../transport/asked-in-bytes.js';
import { decodeRequest } from '../transport/carry-out.js';

/** The service, with what workers say as bytes. */
export const selfPlayService = askedInBytes(SelfPlayServiceDefinition, 'work');

/** What a worker says; `undefined` if its message is empty. */
export type WorkMessage =
  | { readonly $case: 'hello'; readonly value: Hello }
  | { readonly $case: 'giveBack'; readonly value: GiveBack }
  | { readonly $case: 'heartbeat'; readonly value: Heartbeat }
  | { readonly $case: 'submit'; readonly leaseId: string; readonly game: SubmittedGame | undefined }
  | undefined;

/** A game that a worker hands in. */
export interface SubmittedGame {
  readonly gameId: string;
  readonly moves: readonly number[];
  /** Set for a game of a tree. */
  readonly variation: pb.Variation | undefined;
  /** Its message, for the store. */
  readonly bytes: Uint8Array;
  /** Absent if its fields make no game. */
  readonly record?: GameRecord;
  /** Whether the last move ended the game. */
  readonly isOver: boolean;
  /** What is wrong with it whatever was leased; '' if nothing. */
  readonly fault: string;
}

/** A WorkRequest in bytes, its game checked. */
export function readMessage(bytes: Uint8Array): Reading<WorkMessage> {
  const decoded = decodeRequest(WorkRequest, bytes);
  if ('unreadable' in decoded) return decoded;
  const { body } = decoded.request;
  if (body?.$case !== 'submit') return { read: body };
  const { leaseId, game } = body.value;
  return { read: { $case: 'submit', leaseId, game: game && readGame(game) } };
}

function readGame(game: pb.GameRecord): SubmittedGame {
  const { gameId, moves, variation } = game;
  const head = { gameId, moves, variation, bytes: owned(pb.GameRecord.encode(game).finish()), isOver: false };
  let record: GameRecord | undefined;
  try {
    record = gameRecordFromWire(game);
    checkSurprises(game);
    const { isOver } = replayGame(record);
    return { ...head, record, isOver, fault: '' };
  } catch (error) {
    const { kind, message } = AppError.from(error);
    if (kind !== 'invalid-argument') throw error;
    return { ...head, ...(record && { record }), fault: message };
  }
}

/** A record has no surprise where none is known, and the record of a game is also read where it was stored long ago. */
function checkSurprises({ searches }: pb.GameRecord): void {
  searches.forEach(({ surprise }, i) => {
    check(surprise >= 0, () => `searches[${i}].surprise is ${surprise}; it must be 0 or more`);
  });
}

export const workReader: MessageReader<WorkMessage> = {
  read: readMessage,
  module: threadModule<{ readMessage: typeof readMessage }>(import.meta.url, './work-message.js'),
};
