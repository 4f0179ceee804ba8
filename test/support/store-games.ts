/** Puts games into a store, as the server does when workers submit them. */

import type { GameRecord } from '../../src/go/game-record.js';
import { GameRecord as GameMessage } from '../../src/proto/tengen/v1/self_play.js';
import { gameRow } from '../../src/server/self-play/submission.js';
import type { Store } from '../../src/store/store.js';
import { gameRecordToWire } from '../../src/wire/game-record.js';

/** Stores games in order. */
export async function storeGames(store: Store, records: readonly GameRecord[]): Promise<void> {
  for (const record of records) {
    await store.games.put(gameRow(record, GameMessage.encode(gameRecordToWire(record)).finish()));
  }
}
