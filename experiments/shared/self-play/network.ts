/** A model file that answers in this thread, for runs that measure learning and not serving. */

import type { Engine, Program } from '../../../src/engine/engine.js';
import type { GoEvaluation } from '../../../src/go/evaluation.js';
import { tengen1 } from '../../../src/go/tengen-features.js';
import type { Position } from '../../../src/go/position.js';
import { decodeModel } from '../../../src/nn/model-file.js';
import { boardsOf, type GoArchitecture } from '../../../src/nn/networks/go-network.js';
import { servingConstants, servingGraph } from '../../../src/nn/networks/serving.js';
import { goCost } from '../../../src/trainer/growth/go-task.js';

/** Most positions in one run of the graph. */
const MOST = 256;

/** Multiplications of one evaluation on the largest board. */
export function forwardCost(architecture: GoArchitecture): number {
  return goCost(architecture, boardsOf(architecture)[1], 1);
}

export class Network {
  readonly #program: Program;
  readonly #size: number;
  readonly #cost: number;
  readonly #planes: Float32Array;
  readonly #globals: Float32Array;
  /** Positions evaluated so far. */
  evaluations = 0;

  private constructor(program: Program, architecture: GoArchitecture) {
    const size = boardsOf(architecture)[1];
    this.#program = program;
    this.#cost = forwardCost(architecture);
    this.#size = size;
    this.#planes = new Float32Array(MOST * tengen1.planes * size * size);
    this.#globals = new Float32Array(MOST * tengen1.globals);
  }

  static async load(file: Uint8Array, engine: Engine): Promise<Network> {
    const model = decodeModel(file);
    const program = await engine.compile(servingGraph(model.architecture), { constants: servingConstants(model) });
    return new Network(program, model.architecture);
  }

  /** Multiplications of those evaluations. */
  get multiplications(): number {
    return this.evaluations * this.#cost;
  }

  /** Evaluates any number of positions. */
  async evaluate(positions: readonly Position[]): Promise<readonly GoEvaluation[]> {
    const evaluations: GoEvaluation[] = [];
    for (let from = 0; from < positions.length; from += MOST) {
      evaluations.push(...(await this.#run(positions.slice(from, from + MOST))));
    }
    this.evaluations += positions.length;
    return evaluations;
  }

  release(): Promise<void> {
    return this.#program.release();
  }

  async #run(positions: readonly Position[]): Promise<GoEvaluation[]> {
    const count = positions.length;
    const points = this.#size * this.#size;
    positions.forEach((position, i) => {
      const snapshot = position.snapshot();
      tengen1.write(snapshot, 0, this.#planes, i * tengen1.planes * points, this.#globals, i * tengen1.globals);
    });
    const { policy, value, score } = await this.#program.run({
      planes: {
        shape: [count, tengen1.planes, this.#size, this.#size],
        data: this.#planes.subarray(0, count * tengen1.planes * points),
      },
      globals: { shape: [count, tengen1.globals], data: this.#globals.subarray(0, count * tengen1.globals) },
    });
    const logits = policy!.data as Float32Array;
    const results = value!.data as Float32Array;
    const scores = score!.data as Float32Array;
    return positions.map((_, i) => {
      const [win, draw, loss] = results.subarray(3 * i, 3 * i + 3) as unknown as [number, number, number];
      const own = logits.slice(i * (points + 1), (i + 1) * (points + 1));
      return { logits: own, win, draw, loss, value: win - loss, score: scores[i]! };
    });
  }
}
