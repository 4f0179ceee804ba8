/** Finished games ↔ messages. Whether the moves are legal is for `go/game-record.ts` to say; here only the form is read. */

import { BinaryReader } from '@bufbuild/protobuf/wire';
import { check } from '../core/errors.js';
import type { GameRecord, SearchRecord } from '../go/game-record.js';
import * as pb from '../proto/tengen/v1/self_play.js';
import { Color } from '../proto/tengen/v1/position.js';
import { colorFromWire, rulesFromWire, rulesToWire } from './rules.js';
import { seedFromWire } from './whole-numbers.js';

/** A finished game as a message. */
export function gameRecordToWire(record: GameRecord): pb.GameRecord {
  const { gameId, jobId, modelVersion, seed, size, score, match, variation } = record;
  return {
    gameId,
    jobId,
    modelVersion,
    seed: BigInt(seed),
    size,
    rules: rulesToWire(record.rules),
    moves: [...record.moves],
    searches: record.searches.map((search) => ({
      ...search,
      policy: Array.from(search.policy),
      surprise: search.surprise ?? 0,
    })),
    resigned: record.resigned ?? Color.UNSPECIFIED,
    score,
    match: match && { ...match, opening: [...match.opening] },
    variation,
  };
}

/** @throws AppError 'invalid-argument' naming the field and the value seen */
export function gameRecordFromWire(message: pb.GameRecord): GameRecord {
  const { gameId, jobId, modelVersion, seed, size, moves, score, match, variation } = message;
  check(gameId !== '', 'game_id is empty');
  const record: GameRecord = {
    gameId,
    jobId,
    modelVersion,
    seed: seedFromWire(seed),
    size,
    rules: rulesFromWire(message.rules),
    moves,
    searches: message.searches.map(searchFromWire),
    score,
    ...(match ? { match } : {}),
    ...(variation ? { variation } : {}),
  };
  if (message.resigned === Color.UNSPECIFIED) return record;
  return { ...record, resigned: colorFromWire(message.resigned, 'resigned') };
}

function searchFromWire(search: pb.SearchRecord, index: number): SearchRecord {
  const { policy, value, visits, full, surprise } = search;
  check(policy.length % 2 === 0, () => `searches[${index}].policy has ${policy.length} numbers; they come in pairs`);
  for (const number of policy) check(number <= 65_535, () => `searches[${index}].policy has ${number}; at most 65535`);
  return { policy: Uint16Array.from(policy), value, visits, full, ...(surprise > 0 && { surprise }) };
}

/** Number of the field `searches`. */
const SEARCHES = 8;

/** Reads what the store keeps but for the searches, which are most of it. @throws as `decodeGameRecord` */
export function decodeWithoutSearches(bytes: Uint8Array): GameRecord {
  const reader = new BinaryReader(bytes);
  const rest = new Uint8Array(bytes.length);
  let length = 0;
  while (reader.pos < reader.len) {
    const start = reader.pos;
    const [field, wireType] = reader.tag();
    reader.skip(wireType, field);
    if (field === SEARCHES) continue;
    rest.set(bytes.subarray(start, reader.pos), length);
    length += reader.pos - start;
  }
  return decodeGameRecord(rest.subarray(0, length));
}

/** Reads what the store keeps. @throws AppError 'invalid-argument' if the bytes are no game record */
export function decodeGameRecord(bytes: Uint8Array): GameRecord {
  return gameRecordFromWire(pb.GameRecord.decode(bytes));
}
