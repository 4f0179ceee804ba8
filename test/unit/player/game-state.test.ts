import { describe, expect, it } from 'vitest';
import { BLACK, WHITE } from '../../../src/go/color.js';
import { GameState } from '../../../src/player/game-state.js';

const start = (): GameState => new GameState(5, { ko: 'positional', suicide: false, komi: 0.5 });

describe('a game that somebody sets up', () => {
  it('may repeat colors and go on after two passes', () => {
    const game = start();
    for (const action of [0, 1, 25, 25, 2]) game.play(BLACK, action);
    expect(game.position.isOver).toBe(false);
    expect([0, 1, 2].map((point) => game.position.stoneAt(point))).toEqual([BLACK, BLACK, BLACK]);
  });

  it('stays as it was after a move that the rules forbid, and begins anew where none is left to take back', () => {
    const game = start();
    game.setUp({ black: [1, 5], white: [], toMove: WHITE });
    expect(() => game.play(WHITE, 0)).toThrow('illegal move');
    game.play(WHITE, 24);
    game.undo();
    expect(() => game.undo()).toThrow('cannot undo');
    expect(game.position.snapshot()).toEqual(game.positionFor(WHITE).snapshot());
    expect([game.isFresh, game.turns]).toEqual([false, []]);
  });

  it('takes back several moves at once, or none', () => {
    const game = start();
    for (const action of [0, 1, 2]) game.play(BLACK, action);
    expect(() => game.undo(4)).toThrow('cannot undo');
    game.undo(2);
    expect(game.turns).toEqual([{ color: BLACK, action: 0 }]);
    expect([0, 1, 2].map((point) => game.position.stoneAt(point))).toEqual([BLACK, 0, 0]);
  });

  it('has a new epoch after everything but one more move', () => {
    const game = start();
    const { epoch } = game;
    game.play(BLACK, 12);
    expect(game.epoch).toBe(epoch);
    game.play(BLACK, 13);
    expect(game.epoch).toBeGreaterThan(epoch);
    const { epoch: later } = game;
    game.undo();
    expect(game.epoch).toBeGreaterThan(later);
  });

  it('cuts komi to what a smaller board can have', () => {
    const game = start();
    game.setRules({ ...game.rules, komi: 20 });
    game.reset(3);
    expect([game.size, game.rules.komi]).toEqual([3, 9]);
  });
});
