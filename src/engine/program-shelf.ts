/** Programs of one kind of graph for different shapes, made when they are first needed; the longest unused one goes. */

import { LruMap } from '../core/lru-map.js';
import type { Program } from './engine.js';

/** Keyed by the JSON of the shape. Calls must not overlap. */
export class ProgramShelf<Shape> {
  readonly #compile: (shape: Shape) => Promise<Program>;
  readonly #most: number;
  readonly #programs = new LruMap<string, Program>();

  /** @param most programs kept */
  constructor(compile: (shape: Shape) => Promise<Program>, most: number) {
    this.#compile = compile;
    this.#most = most;
  }

  /** The program of a shape; must not be kept beyond the next call. */
  async get(shape: Shape): Promise<Program> {
    const key = JSON.stringify(shape);
    const program = this.#programs.get(key) ?? (await this.#compile(shape));
    this.#programs.set(key, program);
    while (this.#programs.size > this.#most) await this.#programs.takeOldest()?.release();
    return program;
  }

  /** Frees all of them. */
  async close(): Promise<void> {
    for (const program of this.#programs.values()) await program.release();
    this.#programs.clear();
  }
}
