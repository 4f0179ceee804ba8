/** Growing in a test: the operator's graph, run. */

import { Rng } from '../../src/core/rng.js';
import { openEngine } from '../../src/engine/open-engine.js';
import { cpuEngine } from '../../src/engine/engine-settings.js';
import type { NamedTensors } from '../../src/engine/engine.js';
import type { GrowthPlan } from '../../src/methods/growth/bundle.js';
import { makeOperator } from '../../src/methods/growth/operator.js';
import type { OperatorSettings } from '../../src/methods/growth/settings.js';
import { type Graph, graph } from '../../src/nn/graph.js';
import type { Weights } from '../../src/nn/model-file.js';

export async function runOnce(compiled: Graph, inputs: NamedTensors): Promise<Record<string, Float32Array>> {
  const engine = await openEngine(cpuEngine);
  const program = await engine.compile(compiled);
  const outputs = await program.run(inputs);
  await program.release();
  await engine.close();
  return Object.fromEntries(Object.entries(outputs).map(([name, { data }]) => [name, data as Float32Array]));
}

/** The target's weights before any training. */
export async function grow(
  plan: GrowthPlan,
  settings: OperatorSettings,
  source: Weights,
  seed = 1,
): Promise<Map<string, { readonly shape: readonly number[]; readonly data: Float32Array }>> {
  const operator = makeOperator(plan, settings, source, seed);
  const data = await runOnce(graph(Object.fromEntries(operator.parameters)), operator.initial);
  return new Map([...plan.targetShapes].map(([name, shape]) => [name, { shape, data: data[name]! }]));
}

/** Normal random numbers. */
export function randomNumbers(count: number, seed: number, deviation = 1): Float32Array {
  const rng = new Rng(seed);
  return Float32Array.from({ length: count }, () => deviation * rng.normal());
}

/** The largest difference, as a share of the largest element. */
export function difference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [most, largest] = [0, 1e-12];
  for (let i = 0; i < a.length; i++) {
    most = Math.max(most, Math.abs(a[i]! - b[i]!));
    largest = Math.max(largest, Math.abs(a[i]!), Math.abs(b[i]!));
  }
  return a.length === b.length ? most / largest : Infinity;
}
