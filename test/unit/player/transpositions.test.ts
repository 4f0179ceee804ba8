import { describe, expect, it } from 'vitest';
import { Position } from '../../../src/go/position.js';
import { defaultRules } from '../../../src/go/rules.js';
import { GameState } from '../../../src/player/game-state.js';
import { tuningOf } from '../../../src/player/search-parameters.js';
import { SearchPosition } from '../../../src/player/search-position.js';
import { Thinker } from '../../../src/player/thinker.js';
import { transpositionsOf } from '../../../src/player/transpositions.js';

function keyOf(shared: 'evaluations' | 'statistics', moves: readonly number[], size = 4): string {
  const position = new Position(size, defaultRules(size));
  for (const move of moves) position.play(move);
  const key = new Int32Array(2);
  transpositionsOf(shared)!.keyOf(new SearchPosition(position), key);
  return key.join();
}

describe('keys of positions', () => {
  it('go by what the network sees where evaluations are shared', () => {
    expect(keyOf('statistics', [0, 5, 10])).toBe(keyOf('statistics', [10, 5, 0]));
    expect(keyOf('evaluations', [0, 5, 10])).not.toBe(keyOf('evaluations', [10, 5, 0]));
    const same = [7, 8, 15, 12, 9];
    expect(keyOf('evaluations', [0, 5, 10, ...same])).not.toBe(keyOf('evaluations', [0, 5, 11, ...same]));
    expect(keyOf('evaluations', [0, 5, 10, 6, ...same])).toBe(keyOf('evaluations', [10, 6, 0, 5, ...same]));
  });

  it('tell passes and the number of moves apart', () => {
    expect(keyOf('statistics', [0, 16])).not.toBe(keyOf('statistics', [16, 0]));
    expect(keyOf('statistics', [])).not.toBe(keyOf('statistics', [16, 16]));
  });
});

it.each(['evaluations', 'statistics'] as const)('plays whole games on 3×3 that share %s', async (shared) => {
  const nothing = { logits: new Float32Array(10), value: 0, win: 0.5, draw: 0, loss: 0.5, score: 0 };
  const thinker = new Thinker(
    () => ({ evaluate: (positions) => Promise.resolve(positions.map(() => nothing)) }),
    () => tuningOf({}, 8, shared),
    (error) => {
      throw error;
    },
  );
  const game = new GameState(3, defaultRules(3));
  for (let ply = 0; ply < 40 && !game.position.isOver; ply++) {
    const search = thinker.think(game, game.positionFor(game.position.toMove), { visits: 300 });
    let step = await search.next();
    while (!step.done) step = await search.next();
    const { candidates } = step.value;
    // The most visited move that is no pass makes for captures, and for positions that superko bans.
    const { action } = candidates.find((candidate) => candidate.action !== 9) ?? candidates[0]!;
    expect(game.position.isLegal(action)).toBe(true);
    game.play(game.position.toMove, action);
  }
  expect(game.turns.length).toBeGreaterThan(9);
});
