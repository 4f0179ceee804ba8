import { describe, expect, it } from 'vitest';
import { onnxRuntimeEngine } from '../../../src/engine/onnxruntime/engine.js';
import { gradients } from '../../../src/nn/gradients.js';
import { graph, input } from '../../../src/nn/graph.js';
import { policyLoss, type PolicyLossOptions, policySums } from '../../../src/nn/networks/transformer/policy-loss.js';

const plain: PolicyLossOptions = {
  clipLow: 0.2,
  clipHigh: 0.28,
  klCoefficient: 0,
  klEstimator: 'k3',
  entropyCoefficient: 0,
  temperature: 1,
};

interface Token {
  /** Probabilities of two tokens now, of which the first is drawn. */
  readonly p: number;
  readonly old: number;
  readonly advantage: number;
  readonly reference?: number;
  readonly weight?: number;
  readonly counted?: number;
}

/** The loss of independent tokens with a vocabulary of two, its sums, and its gradient to the logits [T, 2]. */
async function run(tokens: readonly Token[], options: Partial<PolicyLossOptions> = {}) {
  const all = { ...plain, ...options };
  const logits = input('logits', [tokens.length, 2]);
  const sums = policyLoss(logits, all);
  const [dLogits] = gradients(sums.loss, [logits]);
  const program = await onnxRuntimeEngine().compile(graph({ ...sums, dLogits: dLogits! }));
  const column = (of: (token: Token) => number) => ({
    shape: [tokens.length, 1],
    data: Float32Array.from(tokens, of),
  });
  const outputs = await program.run({
    logits: {
      shape: [tokens.length, 2],
      data: Float32Array.from(tokens.flatMap(({ p }) => [Math.log(p) + 0.7, Math.log(1 - p) + 0.7])),
    },
    targets: column(() => 0),
    weights: column(({ weight = 1 }) => weight),
    counted: column(({ counted = 1 }) => counted),
    advantages: column(({ advantage }) => advantage),
    oldLogProbabilities: column(({ old }) => Math.log(old)),
    ...(all.klCoefficient > 0 && {
      referenceLogProbabilities: column(({ reference = 0.5 }) => Math.log(reference)),
    }),
  });
  await program.release();
  const scalars = Object.fromEntries(policySums.map((name) => [name, Number(outputs[name]!.data[0])]));
  return { ...scalars, gradient: [...(outputs['dLogits']!.data as Float32Array)] } as Record<
    (typeof policySums)[number],
    number
  > & { gradient: number[] };
}

describe('policyLoss', () => {
  it('is −ρ A within the clip, with the gradient −A ρ (1 − p) to the drawn logit', async () => {
    // ρ = 0.55 / 0.5 = 1.1
    const { loss, gradient } = await run([{ p: 0.55, old: 0.5, advantage: 2, weight: 0.25 }]);
    expect(loss).toBeCloseTo(-0.25 * 1.1 * 2, 5);
    expect(gradient[0]).toBeCloseTo(-0.25 * 2 * 1.1 * 0.45, 5);
    expect(gradient[1]).toBeCloseTo(0.25 * 2 * 1.1 * 0.45, 5);
  });

  it('lets no gradient through where a token has gone far enough the way that its advantage points', async () => {
    const high = { p: 0.66, old: 0.5, advantage: 1 }; // ρ = 1.32 > 1.28
    const low = { p: 0.38, old: 0.5, advantage: -1 }; // ρ = 0.76 < 0.8
    const wrongWay = { p: 0.66, old: 0.5, advantage: -1 };
    const both = await run([high, low]);
    expect(both.loss).toBeCloseTo(-1.28 + 0.8, 5);
    expect(both.gradient).toEqual([0, 0, 0, 0].map(() => expect.closeTo(0, 6) as number));
    expect(both).toMatchObject({ clippedHigh: 1, clippedLow: 1 });
    const other = await run([wrongWay]);
    expect(other).toMatchObject({ clippedHigh: 0, clippedLow: 0 });
    expect(other.gradient[0]).toBeCloseTo(1.32 * 0.34, 5);
  });

  it('estimates the divergence from the reference three ways', async () => {
    const token = { p: 0.5, old: 0.5, advantage: 0, reference: 0.25 };
    const d = Math.log(0.25 / 0.5);
    const kl = async (klEstimator: PolicyLossOptions['klEstimator']) =>
      run([token], { klCoefficient: 0.1, klEstimator });
    expect((await kl('k1')).kl).toBeCloseTo(-d, 5);
    expect((await kl('k2')).kl).toBeCloseTo((d * d) / 2, 5);
    const k3 = await kl('k3');
    expect(k3.kl).toBeCloseTo(Math.exp(d) - d - 1, 5);
    expect(k3.loss).toBeCloseTo(0.1 * (Math.exp(d) - d - 1), 5);
    // β (1 − eᵈ) (1 − p)
    expect(k3.gradient[0]).toBeCloseTo(0.1 * (1 - 0.5) * 0.5, 5);
  });

  it('rewards entropy: −c H, whose gradient is c p (ln p + H)', async () => {
    const p = 0.8;
    const entropy = -(p * Math.log(p) + (1 - p) * Math.log(1 - p));
    const found = await run([{ p, old: p, advantage: 0 }], { entropyCoefficient: 0.3 });
    expect(found.entropy).toBeCloseTo(entropy, 5);
    expect(found.loss).toBeCloseTo(-0.3 * entropy, 5);
    expect(found.gradient[0]).toBeCloseTo(0.3 * p * (Math.log(p) + entropy), 5);
  });

  it('divides logits by the temperature, and the gradient with them', async () => {
    const [a, b] = [Math.sqrt(0.9), Math.sqrt(0.1)];
    const p = a / (a + b);
    const { loss, gradient } = await run([{ p: 0.9, old: p, advantage: 1 }], { temperature: 2 });
    expect(loss).toBeCloseTo(-1, 5);
    expect(gradient[0]).toBeCloseTo((-1 * (1 - p)) / 2, 5);
  });

  it('counts no token of a prompt or of padding', async () => {
    const counted = { p: 0.6, old: 0.5, advantage: 1 };
    const padding = { p: 0.01, old: 1, advantage: 0, weight: 0, counted: 0 };
    const { gradient: alone, ...sums } = await run([counted], { entropyCoefficient: 0.1 });
    const { gradient, ...others } = await run([counted, padding], { entropyCoefficient: 0.1 });
    for (const name of policySums) expect(others[name], name).toBeCloseTo(sums[name], 5);
    expect(gradient.slice(2)).toEqual([0, 0].map(() => expect.closeTo(0, 7) as number));
    expect(gradient[0]).toBeCloseTo(alone[0]!, 6);
  });
});
