/** Sessions of one kind of graph for different shapes, made when they are first needed; the longest unused one goes. */

import type { Graph } from '../../nn/graph.js';
import { lowerHere } from './engine.js';
import { createSession, type Session } from './session.js';

/** Keyed by the JSON of the shape. Calls must not overlap. */
export class SessionShelf<Shape> {
  readonly #graphOf: (shape: Shape) => Graph;
  readonly #most: number;
  /** In the order of their last use. */
  readonly #sessions = new Map<string, Session>();

  /** @param most sessions kept */
  constructor(graphOf: (shape: Shape) => Graph, most: number) {
    this.#graphOf = graphOf;
    this.#most = most;
  }

  /** The session of a shape; must not be kept beyond the next call. */
  async get(shape: Shape): Promise<Session> {
    const key = JSON.stringify(shape);
    const session = this.#sessions.get(key) ?? (await createSession(lowerHere(this.#graphOf(shape), {}, {})));
    this.#sessions.delete(key);
    this.#sessions.set(key, session);
    for (const [oldest, unused] of [...this.#sessions].slice(0, Math.max(0, this.#sessions.size - this.#most))) {
      this.#sessions.delete(oldest);
      await unused.release();
    }
    return session;
  }

  /** Frees all of them. */
  async close(): Promise<void> {
    for (const session of this.#sessions.values()) await session.release();
    this.#sessions.clear();
  }
}
