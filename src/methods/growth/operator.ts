/** An operator on all of a network: its cores, and the parameters of the target as graphs of them. */

import { Rng, type Seed } from '../../core/rng.js';
import { type InputTensor, type Tensor, constant, input } from '../../nn/graph.js';
import type { Weights } from '../../nn/model-file.js';
import { gather, indexConstant } from '../../nn/operations/gather.js';
import { add } from '../../nn/operations/arithmetic.js';
import { reshape } from '../../nn/operations/shape.js';
import type { TensorData } from '../../nn/types.js';
import { assemble, scatter } from './assemble.js';
import { contract, contractionCost } from './contract.js';
import { bondsOf, type Core, initialCores } from './cores.js';
import { type GrowthPlan, lengths } from './bundle.js';
import type { OperatorSettings } from './settings.js';
import { spreadOf } from './spread.js';

/** An operator before training, as a graph of what is trained of it. */
export interface Operator {
  /** What training may change, as inputs of the graph. */
  readonly trained: readonly InputTensor[];
  /** The values those start with. */
  readonly initial: Readonly<Record<string, TensorData>>;
  /** The target's parameters. */
  readonly parameters: ReadonlyMap<string, Tensor>;
  /** Multiplications to make them once. */
  readonly cost: number;
  /** Numbers in all cores. */
  readonly size: number;
}

/** Prefix of the inputs that hold cores. */
const PREFIX = 'core:';

/** Builds the operator for a source's weights. */
export function makeOperator(plan: GrowthPlan, settings: OperatorSettings, source: Weights, seed: Seed): Operator {
  const rng = new Rng(seed);
  const cores = initialCores(plan.bundles, settings, rng);
  const initial: Record<string, TensorData> = {};
  const trained: InputTensor[] = [];
  const tensors = new Map<string, Tensor>();
  for (const [name, core] of cores) {
    if (!core.isTrained) {
      tensors.set(name, constant(core.data, core.shape));
      continue;
    }
    const value = core.orbits ? orbitValues(core, core.orbits) : { shape: core.shape, data: core.data };
    const tensor = input(PREFIX + name, value.shape);
    initial[tensor.name] = value;
    trained.push(tensor);
    tensors.set(name, core.orbits ? reshape(gather(tensor, indexConstant([...core.orbits])), core.shape) : tensor);
  }
  const parameters = scatter(
    plan,
    (bundle) => {
      const m1 = assemble(bundle, source);
      const m2 = contract(bundle, constant(m1, lengths(bundle, 'from')), (name) => tensors.get(name)!);
      const spread = spreadOf(bundle, m1, settings.spread, rng);
      return spread === undefined ? m2 : add(m2, constant(spread, lengths(bundle, 'to')));
    },
    source,
  );
  const cost = plan.bundles.reduce((sum, bundle) => sum + contractionCost(bundle, bondsOf(bundle, settings)), 0);
  const size = [...cores.values()].reduce((sum, { data }) => sum + data.length, 0);
  return { trained, initial, parameters, cost, size };
}

/** One number an orbit. */
function orbitValues({ data }: Core, orbits: Int32Array): TensorData {
  const values = new Float32Array(Math.max(...orbits) + 1);
  orbits.forEach((orbit, i) => (values[orbit] = data[i]!));
  return { shape: [values.length], data: values };
}
