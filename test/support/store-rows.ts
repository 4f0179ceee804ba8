/** Rows to put into a store. */

import type { NewGame, NewModel } from '../../src/store/store.js';

/** A text as the bytes of a file. */
export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A small model of some training step. */
export const modelOf = (name: string, step = 0): NewModel => ({
  name,
  size: 7,
  parameterCount: 10,
  architectureJson: '{}',
  step,
});

/** A game that is a tree of its own. */
export const gameOf = (gameId: string, jobId = 'j', text = gameId): NewGame => ({
  gameId,
  jobId,
  modelVersion: 'm@1',
  kind: 'self-play',
  treeId: gameId,
  variation: 0,
  isLast: true,
  size: 7,
  positionCount: 3,
  moveCount: 4,
  score: -2.5,
  bytes: bytesOf(text),
});

/** Game `variation` of a tree. */
export const variationOf = (treeId: string, variation: number, isLast = false): NewGame => ({
  ...gameOf(variation === 0 ? treeId : `${treeId}.${variation}`),
  treeId,
  variation,
  isLast,
});
