import { describe, expect, it } from 'vitest';
import { UctPlayer } from '../../../clients/shared/uct.js';
import { Rng } from '../../../src/core/rng.js';
import { WHITE } from '../../../src/go/color.js';
import { Position } from '../../../src/go/position.js';
import { diagram } from '../../support/diagram.js';

describe('the plain UCT player', () => {
  it('ends when it is told to, with a legal move', () => {
    const { position } = diagram(`. . .\n. X .\n. . .`, {}, WHITE);
    let asked = 0;
    const move = new UctPlayer({ playouts: 1_000_000 }).chooseMove(position, new Rng(1), () => ++asked > 3);
    expect(position.isLegal(move)).toBe(true);
    expect(asked).toBe(4);
  });

  it('saves its stones from capture', () => {
    const { position, at } = diagram(`
      . O O O .
      O X X X O
      O X X X a
      . O O O .
      . . . . .`);
    expect(new UctPlayer({ playouts: 500 }).chooseMove(position, new Rng(1))).toBe(at('a'));
  });

  it('plays the same moves from the same seed and leaves the position alone', () => {
    const play = (): number[] => {
      const position = new Position(5, { ko: 'positional', suicide: false, komi: 0.5 });
      const player = new UctPlayer({ playouts: 50 });
      const rng = new Rng(3);
      while (!position.isOver && position.moveCount < 60) position.play(player.chooseMove(position, rng));
      return position.moves;
    };
    expect(play()).toEqual(play());
  });

  it('passes when only its own eyes are left, and when the opponent passed and it wins', () => {
    const { position } = diagram('. X . X\nX X X .\nX X X X\n. X X X', {});
    expect(new UctPlayer({ playouts: 20 }).chooseMove(position, new Rng(1))).toBe(16);
    const won = diagram('. . .\n. O .\n. . .', {}, WHITE).position;
    expect(new UctPlayer({ playouts: 20 }).chooseMove(won, new Rng(1))).not.toBe(9);
    won.setToMove(1);
    won.play(9);
    expect(new UctPlayer({ playouts: 20 }).chooseMove(won, new Rng(1))).toBe(9);
  });
});
