/** A network compiled for the board sizes in use: graphs have the exact size of the board. */

import { LruMap } from '../core/lru-map.js';
import type { Engine, Program } from '../engine/engine.js';
import type { Graph } from '../nn/graph.js';
import type { Model } from '../nn/model-file.js';
import { positionsInPart } from '../nn/networks/go-network.js';
import { servingConstants, servingGraph } from '../nn/networks/serving.js';
import type { Range } from '../nn/quantization/ranges.js';

/** Sizes compiled at once; each has a copy of the weights in memory. */
const MAX_PROGRAMS = 4;

/** How a network is compiled other than as it is. */
export interface ServingForm {
  /** Its trunk is computed in eight bits by these ranges. */
  readonly ranges?: readonly Range[] | undefined;
  /** Another graph made from the one that serves. */
  readonly graphOf?: (served: Graph) => Graph;
}

/** Compiles on demand; the size that was not used for longest gives way. Calls must not overlap. */
export class SizedPrograms {
  readonly #model: Model;
  readonly #engine: Engine;
  readonly #form: ServingForm;
  readonly #programs = new LruMap<number, Program>();

  constructor(model: Model, engine: Engine, form: ServingForm = {}) {
    this.#model = model;
    this.#engine = engine;
    this.#form = form;
  }

  /** The program for boards of `size`, which the network must play. */
  async get(size: number): Promise<Program> {
    const program = this.#programs.get(size) ?? (await this.#compile(size));
    this.#programs.set(size, program);
    return program;
  }

  /** How many positions of `size` a program computes best at once. */
  positionsInPart(size: number): number {
    const { partFloats } = this.#engine;
    if (partFloats === undefined) return Infinity;
    // A number of eight bits takes a quarter of the cache.
    return positionsInPart(this.#model.architecture, size, this.#form.ranges ? 4 * partFloats : partFloats);
  }

  /** Frees all. */
  async release(): Promise<void> {
    for (const program of this.#programs.values()) await program.release();
    this.#programs.clear();
  }

  async #compile(size: number): Promise<Program> {
    while (this.#programs.size >= MAX_PROGRAMS) await this.#programs.takeOldest()!.release();
    const { ranges, graphOf } = this.#form;
    const { architecture, weights } = this.#model;
    const served = servingGraph(architecture, size, weights);
    const graph = graphOf?.(served) ?? served;
    const constants = new Map([...servingConstants(this.#model)].filter(([name]) => graph.inputs.has(name)));
    return await this.#engine.compile(graph, { constants, ranges });
  }
}
