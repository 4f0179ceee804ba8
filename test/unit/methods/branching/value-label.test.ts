import { describe, expect, it } from 'vitest';
import { labelChangeRate } from '../../../../src/methods/branching/label-change-rate.js';
import { valueLabel, valueLabels } from '../../../../src/methods/branching/value-label.js';
import { eligibilityOf } from '../../../../src/methods/branching/branch-point.js';
import type { NewVariation } from '../../../../src/methods/branching/game-tree.js';
import { branchSettings, smallVariations, treeOf } from '../../../support/branch-trees.js';

/** The labels of all positions: start, a, b, c, d, e of `smallVariations`. */
function labelsOf(variations: readonly NewVariation[], kind: (typeof valueLabels)[number], strength = 10): number[] {
  return treeOf(variations).positions.map((node) => valueLabel(node, kind, strength));
}

function expectLabels(labels: readonly number[], expected: readonly number[]): void {
  expect(labels).toHaveLength(expected.length);
  expected.forEach((label, i) => expect(labels[i]).toBeCloseTo(label, 12));
}

describe('the labels of three games, by hand', () => {
  it('mean: of all games through the position', () => {
    expectLabels(labelsOf(smallVariations(), 'mean'), [1 / 3, 1 / 2, 1, 0, 0, 0]);
  });

  it('own: of the game in which it came up', () => {
    expectLabels(labelsOf(smallVariations(), 'own'), [1, 1, 1, 0, 0, 0]);
  });

  it('weighted: by the policy over what was explored', () => {
    // a: 0.8 · 1 + 0.2 · 0 over 1; start: 0.5 · 0.8 + 0.3 · 0 over 0.8.
    expectLabels(labelsOf(smallVariations(), 'weighted'), [0.5, 0.8, 1, 0, 0, 0]);
  });

  it('posterior: the search value counts as so many games', () => {
    const expected = [
      (4 * 0.6 + 1) / 7,
      (4 * 0.5 + 1) / 6,
      (4 * 0.7 + 1) / 5,
      (4 * 0.3) / 5,
      (4 * 0.45) / 5,
      (4 * 0.2) / 5,
    ];
    expectLabels(labelsOf(smallVariations(), 'posterior', 4), expected);
  });

  it('count a draw as one half', () => {
    const [first, second, third] = smallVariations();
    expectLabels(labelsOf([first!, { ...second!, result: 0.5 }, third!], 'mean'), [0.5, 0.75, 1, 0.5, 0, 0]);
    expectLabels(labelsOf([first!, { ...second!, result: 0.5 }, third!], 'weighted'), [0.5625, 0.9, 1, 0.5, 0, 0]);
  });

  it('are the means where no policy weighs what was explored', () => {
    const variations = smallVariations().map(({ positions, ...rest }) => ({
      ...rest,
      positions: positions.map(() => undefined),
    }));
    const { root } = treeOf(variations);
    for (const kind of ['mean', 'weighted', 'posterior'] as const)
      expect(valueLabel(root!, kind, 4)).toBeCloseTo(1 / 3, 12);
  });
});

describe('one game alone', () => {
  it('has its result as every label but the posterior: plain self-play', () => {
    const alone = smallVariations().slice(0, 1);
    for (const kind of ['mean', 'own', 'weighted'] as const) expectLabels(labelsOf(alone, kind), [1, 1, 1]);
  });
});

describe('seen from the other player', () => {
  const flipped = smallVariations().map((variation) => ({
    ...variation,
    result: 1 - variation.result,
    positions: variation.positions.map((position) => position && { ...position, winRate: 1 - position.winRate }),
  }));

  it.each(valueLabels)('the label %s is 1 minus the label', (kind) => {
    const labels = labelsOf(smallVariations(), kind, 4);
    expectLabels(
      labelsOf(flipped, kind, 4),
      labels.map((label) => 1 - label),
    );
  });

  it('the label change rates are the same', () => {
    const rates = (variations: NewVariation[]): number[] => [
      ...eligibilityOf(treeOf(variations), branchSettings()).lcr,
    ];
    expectLabels(rates(flipped), rates(smallVariations()));
    expect(rates(flipped)[2]).toBeCloseTo(labelChangeRate(0.3), 12);
  });
});
