import { describe, expect, it } from 'vitest';
import { diagram } from '../../support/diagram.js';

// Black has the left, White the right.
const divided = `
  . . X O .
  . . X O .
  X . X O .
  . . X O .
  . . X O .
`;

describe('the score of a finished game', () => {
  it('is area, or territory and prisoners, which differ by the stones played', () => {
    expect(diagram(divided).position.score()).toBe(15 - 10);
    // 9 points of territory against 5.
    expect(diagram(divided, { scoring: 'territory' }).position.score()).toBe(9 - 5);
    const komi = 6.5;
    expect(diagram(divided, { scoring: 'territory', komi }).position.score()).toBe(9 - 5 - komi);
  });

  it('makes prisoners of dead stones', () => {
    const { position } = diagram(divided, { scoring: 'territory' });
    position.play(9);
    position.play(6);
    // White's stone in Black's area is a prisoner; Black's in White's too. Each gives a point and a prisoner.
    expect(position.scoreWithout([6, 9])).toBe(9 + 1 - (5 + 1));
    position.play(25);
    position.play(1);
    expect(position.scoreWithout([1, 6, 9])).toBe(9 + 2 - (5 + 1));
  });

  it('counts what was captured in the game', () => {
    const { position } = diagram(divided, { scoring: 'territory' });
    // Black takes a white stone that came in: two stones spent, one prisoner, the point kept.
    for (const move of [25, 0, 1, 25, 5]) position.play(move);
    expect(position.stoneAt(0)).toBe(0);
    expect(position.score()).toBe(9 - 2 + 1 - 5);
  });

  it('does not count the eyes of seki where they are taxed', () => {
    const seki = `
      . X . O . O
      X X . O O O
      O O O O . .
      O O O O O O
      . . . . . .
      . . . . . .
    `;
    const score = (tax: 'none' | 'seki' | 'all'): number => diagram(seki, { tax }).position.score();
    // Untaxed: four points for Black, all but two of the others for White.
    expect(score('none')).toBe(4 - 30);
    // The shared liberties make both sides' areas seki: only stones count.
    expect(score('seki')).toBe(3 - 15);
    expect(score('all')).toBe(3 - 15);
  });

  it('takes two points of every group that lives by itself where groups are taxed', () => {
    expect(diagram(divided, { tax: 'seki' }).position.score()).toBe(5);
    expect(diagram(divided, { tax: 'all' }).position.score()).toBe(5);
    const alone = `
      . X . X .
      X X X X X
      . . . . .
      . . . . .
      . . . . .
    `;
    expect(diagram(alone, { tax: 'all' }).position.score()).toBe(25 - 2);
  });

  it('gives White points for handicap stones where the rules do', () => {
    const handicap = `
      X . X
      . . .
      X . .
    `;
    const score = (whiteHandicapBonus: '0' | 'N' | 'N-1'): number =>
      diagram(handicap, { whiteHandicapBonus }).position.score();
    expect([score('0'), score('N'), score('N-1')]).toEqual([9, 6, 7]);
  });
});
