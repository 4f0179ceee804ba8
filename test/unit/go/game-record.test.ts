import { describe, expect, it } from 'vitest';
import { BLACK, WHITE } from '../../../src/go/color.js';
import { positionsOf, replayGame, resultForBlack, type GameRecord } from '../../../src/go/game-record.js';

const search = (...policy: number[]) => ({ policy: Uint16Array.from(policy), value: 0.25, visits: 8, full: true });

/** Black takes the centre of 3×3, White passes, Black passes. */
const good: GameRecord = {
  gameId: 'g',
  jobId: 'j',
  modelVersion: 'm@0',
  seed: 7,
  size: 3,
  rules: { ko: 'positional', suicide: false, komi: 0.5 },
  moves: [4, 9, 9],
  searches: [search(0, 32_768, 4, 32_767), search(9, 65_535), search(0, 1, 9, 65_534)],
  score: 8.5,
};

describe('a submitted game', () => {
  it('is accepted when everything fits', () => {
    expect(replayGame(good).moves).toEqual([4, 9, 9]);
    expect(replayGame({ ...good, resigned: WHITE }).isOver).toBe(true);
  });

  it('may have moves without search, as an opening, but not as training targets', () => {
    const [first, ...rest] = good.searches;
    const unsearched = { policy: new Uint16Array(0), value: 0, visits: 0, full: false };
    const match = { blackModel: 'm@0', whiteModel: 'm@1', opening: [4] };
    expect(first?.full).toBe(true);
    expect(() => replayGame({ ...good, modelVersion: '', match, searches: [unsearched, ...rest] })).not.toThrow();
    expect(() => replayGame({ ...good, searches: [{ ...unsearched, full: true }, ...rest] })).toThrow(
      'The search of move 1 is a full one but has no policy',
    );
  });

  it.each<[string, Partial<GameRecord>, string]>([
    ['size', { size: 1 }, 'size is 1'],
    ['komi', { rules: { ...good.rules, komi: 100 } }, 'komi is 100'],
    ['no moves', { moves: [], searches: [] }, 'The game has 0 moves; 1 to 200 are allowed'],
    ['searches', { searches: good.searches.slice(1) }, 'The game has 2 searches for 3 moves'],
    ['an occupied point', { moves: [4, 4, 9] }, 'Move 2, B2, is illegal: occupied'],
    ['a point off the board', { moves: [4, 10, 9] }, 'Move 2, 10, is illegal: off-board'],
    ['moves after the end', { moves: [9, 9, 4] }, 'is illegal: over'],
    ['the score', { score: -8.5 }, 'The score is -8.5; the final board says 8.5'],
    ['no score', { score: NaN }, 'The score is NaN'],
    ['who resigned', { resigned: 3 as 1 }, 'resigned is 3'],
    ['the model', { modelVersion: '' }, 'names no model version'],
    ['the opening', { match: { blackModel: 'a', whiteModel: 'b', opening: [0] } }, 'Move 1 is 4; the opening of'],
    ['a player of a match', { match: { blackModel: 'a', whiteModel: '', opening: [] } }, 'names no model for one'],
  ])('is refused for %s', (_, change, message) => {
    const searches =
      change.moves?.length === 3 ? change.moves.map(() => ({ ...search(), full: false })) : good.searches;
    expect(() => replayGame({ ...good, searches, ...change })).toThrow(message);
  });

  it.each([
    ['an illegal move with weight', search(4, 65_535), 'gives weight to 4, which is not a legal move there'],
    ['an action off the board', search(10, 65_535), 'gives weight to 10'],
    ['half a pair', search(1, 2, 3), 'a policy of 3 numbers'],
    ['a policy that does not sum to 1', search(0, 30_000, 9, 20_000), 'sums to 0.7630; it must sum to 1'],
    ['an action twice', search(0, 30_000, 0, 35_535), 'lists action 0 after 0'],
    ['a value out of range', { ...search(9, 65_535), value: 1.5 }, 'has value 1.5'],
    ['a value that is no number', { ...search(9, 65_535), value: NaN }, 'has value NaN'],
    ['negative visits', { ...search(9, 65_535), visits: -1 }, 'has -1 visits'],
  ])('is refused for %s', (_, second, message) => {
    const [first, , third] = good.searches;
    expect(() => replayGame({ ...good, searches: [first!, second, third!] })).toThrow(message);
    expect(() => replayGame({ ...good, searches: [first!, second, third!] })).toThrow('The search of move 2');
  });
});

describe('a record', () => {
  it('gives the position before every move and the final one', () => {
    const seen = [...positionsOf(good)].length;
    expect(seen).toBe(4);
    const snapshots = [];
    for (const position of positionsOf(good)) snapshots.push(position.snapshot());
    expect(snapshots.map((s) => [s.toMove, s.stones[4], s.lastMoves.length])).toEqual([
      [BLACK, 0, 0],
      [WHITE, 1, 1],
      [BLACK, 1, 2],
      [WHITE, 1, 3],
    ]);
  });
  it('has a result in which resignation counts before the score', () => {
    expect(resultForBlack({ score: 3 })).toBe(1);
    expect(resultForBlack({ score: 0 })).toBe(0);
    expect(resultForBlack({ score: 3, resigned: BLACK })).toBe(-1);
    expect(resultForBlack({ score: 3, resigned: WHITE })).toBe(1);
  });
});
