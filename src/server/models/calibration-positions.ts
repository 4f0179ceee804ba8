/** Positions that a network's answers are measured on: those of the newest games of the jobs that train it. */

import { positionsOf } from '../../go/game-record.js';
import type { Snapshot } from '../../go/snapshot.js';
import type { ModelRow, Store } from '../../store/store.js';
import { decodeGameRecord } from '../../wire/game-record.js';

/** One position in so many of a game: neighbours say the same. */
const STRIDE = 3;

/** At most `count` positions, on boards of the model's size; none if it was not trained here. */
export async function calibrationPositions(
  { games, jobs }: Pick<Store, 'games' | 'jobs'>,
  { name, size }: ModelRow,
  count: number,
): Promise<Snapshot[]> {
  const positions: Snapshot[] = [];
  for (const job of await jobs.list()) {
    if (job.kind !== 'alphazero' || job.model !== name) continue;
    const trees = await games.trees(job.jobId, count);
    for (const { treeId, size: side } of trees) {
      if (positions.length >= count) return positions;
      if (side !== size) continue;
      const [row] = await games.tree(treeId);
      if (row) positions.push(...everyThird(row.bytes).slice(0, count - positions.length));
    }
  }
  return positions;
}

function everyThird(bytes: Uint8Array): Snapshot[] {
  const record = decodeGameRecord(bytes);
  const snapshots: Snapshot[] = [];
  let move = 0;
  for (const position of positionsOf(record)) {
    if (move++ % STRIDE === 0 && !position.isOver) snapshots.push(position.snapshot());
  }
  return snapshots;
}
