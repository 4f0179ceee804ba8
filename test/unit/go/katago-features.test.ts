import { describe, expect, it } from 'vitest';
import { BLACK, WHITE } from '../../../src/go/color.js';
import { katago7 } from '../../../src/go/katago-features.js';
import { Position } from '../../../src/go/position.js';
import type { Rules } from '../../../src/go/rules.js';
import { diagram } from '../../support/diagram.js';
import { featuresOf } from '../../support/features.js';

const rules: Rules = { ko: 'simple', suicide: false, komi: 7.5 };

/** The features after moves on 9×9; −1 passes. */
function after(moves: readonly number[], changed: Partial<Rules> = {}): ReturnType<typeof featuresOf> {
  const position = new Position(9, { ...rules, ...changed });
  for (const move of moves) position.play(move < 0 ? 81 : move);
  return featuresOf(katago7, position.snapshot());
}

describe('the features katago-7', () => {
  it('show the last five moves, passes among the globals', () => {
    const { plane, globals } = after([10, 20, 30, -1, 40, 50]);
    expect([9, 10, 11, 12, 13].map(plane)).toEqual([[50], [40], [], [30], [20]]);
    expect(globals.slice(0, 5)).toEqual([0, 0, 1, 0, 0]);
    expect(globals[14]).toBe(0);
  });

  it('say that a pass ends the game, and hide the moves where passes are friendly', () => {
    const hard = after([10, 20, -1]);
    expect([hard.globals[0], hard.globals[14], hard.plane(10)]).toEqual([1, 1, [20]]);
    const friendly = after([10, 20, -1], { friendlyPassOk: true });
    expect([friendly.globals[0], friendly.globals[14], friendly.plane(10)]).toEqual([0, 0, []]);
    const over = after([10, 20, -1, -1]);
    expect([...over.globals.slice(0, 2), over.plane(11)]).toEqual([1, 0, []]);
  });

  it.each<[Partial<Rules>, readonly number[]]>([
    // Komi, ko (2), suicide, territory, tax (2), wave; Black to move.
    [{}, [-0.375, 0, 0, 0, 0, 0, 0, -0.5]],
    [{ ko: 'positional', suicide: true, komi: 7 }, [-0.35, 1, 0.5, 1, 0, 0, 0, 0]],
    [{ ko: 'situational', komi: 6.5 }, [-0.325, 1, -0.5, 0, 0, 0, 0, 0.5]],
    [{ scoring: 'territory', tax: 'seki', komi: 6.5 }, [-0.325, 0, 0, 0, 1, 1, 0, 0]],
    [{ tax: 'all' }, [-0.375, 0, 0, 0, 0, 1, 1, -0.5]],
  ])('tell the rules %j', (changed, expected) => {
    const { globals } = after([], changed);
    const seen = [5, 6, 7, 8, 9, 10, 11, 18].map((index) => globals[index]!);
    seen.forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 6));
  });

  it('bound komi', () => {
    const bonus = 300;
    const snapshot = { ...new Position(9, rules).snapshot(), bonus };
    expect(featuresOf(katago7, snapshot).globals[5]).toBeCloseTo(-101 / 20, 6);
    expect(featuresOf(katago7, { ...snapshot, toMove: WHITE }).globals[5]).toBeCloseTo(101 / 20, 6);
  });

  it('show who owns what, but under territory scoring', () => {
    const picture = `
      . X O . .
      . X O . .
      X X O . .
      . . . X .
      . . . . .
    `;
    const { plane } = featuresOf(katago7, diagram(picture, {}, WHITE).position.snapshot());
    expect([plane(18), plane(19)]).toEqual([
      [2, 7, 12],
      [0, 1, 5, 6, 10, 11, 18],
    ]);
    const territory = featuresOf(katago7, diagram(picture, { scoring: 'territory' }).position.snapshot());
    expect([territory.plane(18), territory.plane(19)]).toEqual([[], []]);
    const taxed = featuresOf(katago7, diagram(picture, { tax: 'seki' }, BLACK).position.snapshot());
    // Black's corner touches points that nobody owns, so it counts as seki: the stones remain.
    expect(taxed.plane(18)).toEqual([1, 6, 10, 11, 18]);
  });

  it('show ladders now and one and two turns ago, and what starts them', () => {
    const { position, at } = diagram(
      `
        . . . . . . .
        . . X a . . .
        . X O . . . .
        . X . . . . .
        . . . . . . .
        . . . . . b .
        . . . . . . .
      `,
      {},
      BLACK,
    );
    const stone = at('a') + 6;
    const before = featuresOf(katago7, position.snapshot());
    expect([14, 15, 16].map(before.plane)).toEqual([[stone], [stone], [stone]]);
    expect(before.plane(17)).toEqual([stone + 1]);
    position.play(0);
    // White's ladder is not for White to start.
    expect(featuresOf(katago7, position.snapshot()).plane(17)).toEqual([]);
    position.play(at('b'));
    const broken = featuresOf(katago7, position.snapshot());
    expect([14, 15, 16].map(broken.plane)).toEqual([[], [stone], [stone]]);
    position.play(4);
    expect([14, 15, 16].map(featuresOf(katago7, position.snapshot()).plane)).toEqual([[], [], [stone]]);
  });
});
