/**
 * A transformer in pieces, each a graph of its own, between which the ranks of a group can exchange keys and values. A
 * layer's pieces are the same for every layer, with that layer's weights as inputs. Lengths are free: T tokens, Q queries
 * and K keys differ from run to run.
 *
 * | piece     | inputs                                                                             | outputs            |
 * |-----------|------------------------------------------------------------------------------------|--------------------|
 * | `embed`   | `tokens` int64 [T]                                                                 | `x` [T, h]         |
 * | `project` | `x`, `positions` [T, 1]                                                            | `q`, `k`, `v`      |
 * | `attend`  | `q` [Q, …], `k`, `v` [K, …], `queryPositions`, `querySegments` [Q, 1], `key…` [K, 1] | `o` [Q, …]         |
 * | `finish`  | `x`, `o`                                                                           | `y` [T, h]         |
 * | `logits`  | `x`                                                                                | `logits` [T, V]    |
 * | `loss`    | `x`, `targets` [T, 1], `weights` [T, 1], `normaliser` scalar                       | `loss` scalar      |
 *
 * Weights are inputs too, under their names in the checkpoint, a layer's without its prefix. Everything but `tokens` is
 * float32. The loss is Σ weight · −log p(target) / normaliser.
 *
 * The backward piece of `f` takes the inputs of `f`, `d:` + the name of each output (but `loss`) and the gradients so far
 * of its weights as `gradient:` + name. It gives `d:` + the name of each input that has a gradient, and the gradients with
 * its own share added as `next(gradient:name)`, and it computes what it needs of `f` again, so that between the passes a
 * layer keeps x, q, k, v and o alone. `loss` in backward also gives `loss`.
 */

import { type Graph, type Tensor, constant, graph, input, next } from '../../graph.js';
import { gradientsFrom } from '../../gradients.js';
import { gather } from '../../operations/gather.js';
import { accumulate, linear } from '../../operations/gemm.js';
import type { TransformerConfiguration } from './configuration.js';
import { attend, finish, project, rmsNorm } from './layers.js';
import { nextTokenLoss } from './next-token-loss.js';
import {
  EMBEDDING,
  finishParameters,
  headParameter,
  headParameters,
  LAST_NORM,
  type ParameterShape,
  projectParameters,
} from './parameters.js';

export type PieceName = 'embed' | 'project' | 'attend' | 'finish' | 'logits' | 'loss';

/** T, the tokens on a rank. */
const TOKENS = -1;
/** Q and K, the queries and keys of one call of the attention. */
const QUERIES = -2;
const KEYS = -3;

interface Piece {
  readonly outputs: Readonly<Record<string, Tensor>>;
  /** Inputs that gradients flow to. */
  readonly inputs: readonly string[];
  readonly parameters: readonly ParameterShape[];
}

/** The input of a backward piece for the gradient of a weight so far. */
export function gradientName(parameter: string): string {
  return `gradient:${parameter}`;
}

export function forwardPiece(configuration: TransformerConfiguration, name: PieceName): Graph {
  return graph(new Builder(configuration).piece(name).outputs);
}

/** The graph of its backward pass. */
export function backwardPiece(configuration: TransformerConfiguration, name: Exclude<PieceName, 'logits'>): Graph {
  const builder = new Builder(configuration);
  const { outputs, inputs, parameters } = builder.piece(name);
  const upstreams = Object.entries(outputs).map(([output, tensor]) => ({
    output: tensor,
    gradient: name === 'loss' ? constant(1) : input(`d:${output}`, tensor.shape),
  }));
  const names = [...inputs, ...parameters.map((parameter) => parameter.name)];
  const derivatives = gradientsFrom(
    upstreams,
    names.map((of) => builder.input(of)),
  );
  const toInputs = inputs.map((of, i) => [`d:${of}`, derivatives[i]!] as const);
  const toParameters = parameters.map(({ name: of, shape }, i) => {
    const total = input(gradientName(of), shape);
    return [next(gradientName(of)), accumulate(total, derivatives[inputs.length + i]!)] as const;
  });
  return graph({ ...(name === 'loss' ? outputs : {}), ...Object.fromEntries([...toInputs, ...toParameters]) });
}

/** Makes the pieces; every input is made once. */
class Builder {
  readonly #configuration: TransformerConfiguration;
  readonly #inputs = new Map<string, Tensor>();

  constructor(configuration: TransformerConfiguration) {
    this.#configuration = configuration;
  }

  /** The input of this name, which the piece has declared. */
  input(name: string): Tensor {
    return this.#inputs.get(name)!;
  }

  piece(name: PieceName): Piece {
    return this[name]();
  }

  embed(): Piece {
    const { hidden, vocabulary } = this.#configuration;
    const parameters = [{ name: EMBEDDING, shape: [vocabulary, hidden] }];
    const tokens = input('tokens', [TOKENS], 'int64');
    const [table] = this.#declareAll(parameters);
    return { outputs: { x: gather(table!, tokens) }, inputs: [], parameters };
  }

  project(): Piece {
    const parameters = projectParameters(this.#configuration);
    this.#declareAll(parameters);
    const x = this.#declare('x', [TOKENS, this.#configuration.hidden]);
    const parameter = (of: string): Tensor => this.input(of);
    const { q, k, v } = project(this.#configuration, parameter, x, input('positions', [TOKENS, 1]));
    return { outputs: { q, k, v }, inputs: ['x'], parameters };
  }

  attend(): Piece {
    const { heads, keyValueHeads, headWidth } = this.#configuration;
    const q = this.#declare('q', [QUERIES, heads * headWidth]);
    const k = this.#declare('k', [KEYS, keyValueHeads * headWidth]);
    const v = this.#declare('v', [KEYS, keyValueHeads * headWidth]);
    const visibility = {
      queryPositions: input('queryPositions', [QUERIES, 1]),
      querySegments: input('querySegments', [QUERIES, 1]),
      keyPositions: input('keyPositions', [KEYS, 1]),
      keySegments: input('keySegments', [KEYS, 1]),
    };
    return {
      outputs: { o: attend(this.#configuration, { q, k, v }, visibility) },
      inputs: ['q', 'k', 'v'],
      parameters: [],
    };
  }

  finish(): Piece {
    const { hidden, heads, headWidth } = this.#configuration;
    const parameters = finishParameters(this.#configuration);
    this.#declareAll(parameters);
    const x = this.#declare('x', [TOKENS, hidden]);
    const o = this.#declare('o', [TOKENS, heads * headWidth]);
    const y = finish(this.#configuration, (of) => this.input(of), x, o);
    return { outputs: { y }, inputs: ['x', 'o'], parameters };
  }

  logits(): Piece {
    const parameters = headParameters(this.#configuration);
    this.#declareAll(parameters);
    const x = this.#declare('x', [TOKENS, this.#configuration.hidden]);
    const normed = rmsNorm(x, this.input(LAST_NORM), this.#configuration.normEpsilon);
    const logits = linear(normed, this.input(headParameter(this.#configuration)));
    return { outputs: { logits }, inputs: ['x'], parameters };
  }

  loss(): Piece {
    const { outputs, inputs, parameters } = this.logits();
    return { outputs: { loss: nextTokenLoss(outputs['logits']!) }, inputs, parameters };
  }

  #declareAll(parameters: readonly ParameterShape[]): Tensor[] {
    return parameters.map(({ name, shape }) => this.#declare(name, shape));
  }

  #declare(name: string, shape: readonly number[]): Tensor {
    const tensor = input(name, shape);
    this.#inputs.set(name, tensor);
    return tensor;
  }
}
