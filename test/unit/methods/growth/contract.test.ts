import { describe, expect, it } from 'vitest';

import { contract, contractionCost } from '../../../../src/methods/growth/contract.js';
import type { Axis, Bundle } from '../../../../src/methods/growth/bundle.js';
import { constant, graph, input, type Tensor } from '../../../../src/nn/graph.js';
import { gradients } from '../../../../src/nn/gradients.js';
import { square } from '../../../../src/nn/operations/elementwise.js';
import { sum } from '../../../../src/nn/operations/sum.js';
import { sizeOf } from '../../../../src/nn/types.js';
import { difference, randomNumbers, runOnce } from '../../../support/grown.js';

/** B, L, O, I and perhaps K, with unequal lengths. */
function bundleOf(names: string): Bundle {
  const from: Record<string, number> = { B: 2, L: 2, O: 3, I: 2, K: 3, C: 2 };
  const to: Record<string, number> = { B: 2, L: 3, O: 4, I: 5, K: 2, C: 2 };
  const axes = Array.from(names, (name) => ({
    name: name as Axis['name'],
    from: from[name]!,
    to: to[name]!,
    ...(name === 'C' ? {} : { core: name }),
  }));
  const rest = { writers: [], layers: { stacked: [], exact: [] }, isCoupled: true, source: [], target: [] };
  return { name: names, axes, ...rest };
}

interface Given {
  readonly bundle: Bundle;
  readonly ring: readonly string[];
  readonly bonds: readonly number[];
  readonly m1: Float32Array;
  readonly cores: ReadonlyMap<string, { readonly shape: readonly number[]; readonly data: Float32Array }>;
}

function given(names: string, bonds: readonly number[]): Given {
  const bundle = bundleOf(names);
  const ring = ['B', 'K', 'I', 'O', 'L'].filter((name) => names.includes(name));
  const cores = ring.map((name, i) => {
    const { from, to } = bundle.axes.find((axis) => axis.name === name)!;
    const shape = [bonds[i]!, from, to, bonds[(i + 1) % ring.length]!];
    return [name, { shape, data: randomNumbers(sizeOf(shape), i + 1) }] as const;
  });
  const m1 = randomNumbers(sizeOf(bundle.axes.map(({ from }) => from)), 9);
  return { bundle, ring, bonds, m1, cores: new Map(cores) };
}

/** The full map, element by element. */
function explicit({ bundle, ring, bonds, m1, cores }: Given): number[] {
  const { axes } = bundle;
  const each = (lengths: readonly number[]): number[][] =>
    lengths.reduce<number[][]>((all, n) => all.flatMap((at) => Array.from({ length: n }, (_, i) => [...at, i])), [[]]);
  const sources = each(axes.map(({ from }) => from));
  return each(axes.map(({ to }) => to)).map((target) =>
    sources.reduce((total, source, at) => {
      const carried = axes.every(({ core }, i) => core !== undefined || source[i] === target[i]);
      if (!carried) return total;
      const weight = each(bonds).reduce((all, bond) => {
        return (
          all +
          ring.reduce((product, name, i) => {
            const axis = axes.findIndex((other) => other.name === name);
            const { shape, data } = cores.get(name)!;
            const index = [bond[i]!, source[axis]!, target[axis]!, bond[(i + 1) % ring.length]!];
            return product * data[index.reduce((flat, j, d) => flat * shape[d]! + j, 0)]!;
          }, 1)
        );
      }, 0);
      return total + weight * m1[at]!;
    }, 0),
  );
}

function graphOf({ bundle, m1, cores }: Given): { result: Tensor; inputs: Map<string, Tensor> } {
  const inputs = new Map([...cores].map(([name, { shape }]) => [name, input(name, shape)]));
  const source = constant(
    m1,
    bundle.axes.map(({ from }) => from),
  );
  return { result: contract(bundle, source, (name) => inputs.get(name)!), inputs };
}

describe('contracting M with the cores of a ring', () => {
  it.each([
    ['BLOI', [2, 3, 1, 2]],
    ['BLOIK', [2, 1, 3, 2, 2]],
    ['BLO', [2, 3, 2]],
    ['BLOC', [3, 2, 1]],
    ['CO', [1]],
    ['BLIO', [1, 1, 1, 1]],
  ] as const)('gives what the full map of %s gives, for ranks %j', async (names, bonds) => {
    const all = given(names, bonds);
    const { result } = graphOf(all);
    const { out } = await runOnce(graph({ out: result }), Object.fromEntries(all.cores));
    expect(difference(out!, explicit(all))).toBeLessThan(1e-5);
  });

  it('has the gradient of every core that finite differences of the full map have', async () => {
    const all = given('BLOIK', [2, 1, 2, 2, 1]);
    const { result, inputs } = graphOf(all);
    const loss = sum(square(result));
    const names = [...all.cores.keys()];
    const found = gradients(
      loss,
      names.map((name) => inputs.get(name)!),
    );
    const outputs = await runOnce(
      graph(Object.fromEntries(names.map((name, i) => [`d${name}`, found[i]!]))),
      Object.fromEntries(all.cores),
    );
    const lossAt = (): number => explicit(all).reduce((total, value) => total + value * value, 0);
    for (const name of names) {
      const { data } = all.cores.get(name)!;
      for (const at of [0, data.length - 1]) {
        const kept = data[at]!;
        data[at] = kept + 0.125;
        const above = [lossAt(), data[at] - kept] as const;
        data[at] = kept - 0.125;
        const below = [lossAt(), kept - data[at]] as const;
        data[at] = kept;
        // The loss is quadratic in each core, so that central differences are exact.
        const slope = (above[0] - below[0]) / (above[1] + below[1]);
        expect(outputs[`d${name}`]![at]).toBeCloseTo(slope, -Math.log10(2e-4 * (Math.abs(slope) + 1)));
      }
    }
  });

  it('costs what its products cost', () => {
    // B: 2·2·(2·3·2) over L·…, as the specification counts: R²B₁B₂I₁O₁L₁ + R³B₂I₁O₁L₁L₂ + R³B₂I₁O₁O₂L₂ + R²B₂I₁I₂O₂L₂.
    const [r, b, i1, i2, o1, o2, l1, l2] = [3, 2, 2, 5, 3, 4, 2, 3];
    const expected =
      r * r * b * b * i1 * o1 * l1 +
      r ** 3 * b * i1 * o1 * l1 * l2 +
      r ** 3 * b * i1 * o1 * o2 * l2 +
      r * r * b * i1 * i2 * o2 * l2;
    expect(contractionCost(bundleOf('BLOI'), [r, r, r, r])).toBe(expected);
  });
});
