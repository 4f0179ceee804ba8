/** A network compiled for the board sizes in use: graphs have the exact size of the board. */

import type { Engine, Program } from '../engine/engine.js';
import type { Model } from '../nn/model-file.js';
import { servingConstants, servingGraph } from '../nn/networks/serving.js';

/** Sizes compiled at once; each has a copy of the weights in memory. */
const MAX_PROGRAMS = 4;

/** Compiles on demand; the size that was not used for longest gives way. Calls must not overlap. */
export class SizedPrograms {
  readonly #model: Model;
  readonly #engine: Engine;
  /** By size, the most recently used last. */
  readonly #programs = new Map<number, Program>();

  constructor(model: Model, engine: Engine) {
    this.#model = model;
    this.#engine = engine;
  }

  /** The program for boards of `size`, which the network must play. */
  async get(size: number): Promise<Program> {
    const known = this.#programs.get(size);
    this.#programs.delete(size);
    const program = known ?? (await this.#compile(size));
    this.#programs.set(size, program);
    return program;
  }

  /** Frees all. */
  async release(): Promise<void> {
    for (const program of this.#programs.values()) await program.release();
    this.#programs.clear();
  }

  async #compile(size: number): Promise<Program> {
    for (const [oldest, program] of this.#programs) {
      if (this.#programs.size < MAX_PROGRAMS) break;
      this.#programs.delete(oldest);
      await program.release();
    }
    const { architecture } = this.#model;
    return await this.#engine.compile(servingGraph(architecture, size), { constants: servingConstants(this.#model) });
  }
}
