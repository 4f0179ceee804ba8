/** Self-play games of a short training run, kept so that every arm and seed sees the same. */

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { deserialize, serialize } from 'node:v8';
import type { GameRecord } from '../../../src/go/game-record.js';
import { readAlphaZeroConfig } from '../../../src/trainer/alphazero/config.js';
import { runFile } from '../files.js';
import { baseOf } from './base.js';
import { trainingRun } from './training-run.js';

/** The games of the second half of a run of `positions` searched positions: a window as a job would hold it. */
export async function gamesOf(board: number, positions: number): Promise<GameRecord[]> {
  const file = runFile('shared', `games-${board}-${positions}.bin`);
  if (existsSync(file)) return deserialize(readFileSync(file)) as GameRecord[];
  const records: GameRecord[] = [];
  await trainingRun({
    config: readAlphaZeroConfig({ ...baseOf(board), size: board, seed: 1, maxPositions: positions }),
    slots: 64,
    versionEvery: 2000,
    marks: [positions],
    onCheckpoint: () => Promise.resolve(),
    onGame: (record) => records.push(record),
  });
  const window = records.slice(records.length / 2);
  writeFileSync(file, serialize(window));
  return window;
}
