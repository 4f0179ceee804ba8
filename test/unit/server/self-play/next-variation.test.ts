import { expect, it } from 'vitest';
import { checkNextVariation } from '../../../../src/server/self-play/next-variation.js';

// Three games: 1 2 3, from its second position 1 4 5, and from the start 6 7.
const earlier = [
  [1, 2, 3],
  [1, 4, 5],
  [6, 7],
];

const checkNext = (moves: number[], sharedMoves: number, changes: { index?: number; isLast?: boolean } = {}): void =>
  checkNextVariation({ treeId: 't', index: 3, sharedMoves, backUp: 0, isLast: false, ...changes }, moves, 5, earlier);

it.each([
  ['the start', [8, 2], 1],
  ['the middle of the first game', [1, 2, 4], 3],
  ['the first move after an earlier branch', [1, 4, 6], 3],
  ['its last move', [6, 8], 2],
])('takes a branch from %s', (_, moves, sharedMoves) => {
  expect(() => checkNext(moves, sharedMoves)).not.toThrow();
});

it.each([
  ['a position that no game reached', [2, 2, 2], 3, /No earlier variation begins with the 2 moves before the branch/],
  ['no shared move', [1, 2, 3], 0, /variation.shared_moves is 0; it must be from 1 to the 3 moves/],
  ['more shared moves than moves', [1, 2], 3, /variation.shared_moves is 3; it must be from 1 to the 2 moves/],
  ['the end of a longer way than was played', [6, 7, 8, 9], 4, /begins with the 3 moves/],
  ['a move explored in the first game', [1, 2, 9], 2, /move 2 at ply 1, which was explored already/],
  ['a move explored in a later game', [1, 4, 9], 2, /move 4 at ply 1/],
  ['a move explored at the start', [6, 9], 1, /move 6 at ply 0/],
])('refuses %s', (_, moves, sharedMoves, reason) => {
  expect(() => checkNext(moves, sharedMoves)).toThrow(reason);
});

it.each([
  [{ index: 2 }, /Variation 2 of the tree 't' is stored with other moves/],
  [{ index: 4 }, /variation.index is 4; the next of 't' is 3/],
])('refuses one that is not the next: %o', (changes, reason) => {
  expect(() => checkNext([8], 1, changes)).toThrow(reason);
});

it('wants the last variation that the lease allows to be the last, and none beyond it', () => {
  const check = (index: number, isLast: boolean): void => {
    const games = Array.from({ length: index }, (_, move) => [move]);
    checkNextVariation({ treeId: 't', index, sharedMoves: 1, backUp: 0, isLast }, [99], 5, games);
  };
  expect(() => check(4, false)).toThrow(/is_last is false; the lease allows no more than 5/);
  expect(() => check(4, true)).not.toThrow();
  expect(() => check(2, true)).not.toThrow();
  expect(() => check(5, true)).toThrow(/index is 5; the lease allows 5 variations/);
});
