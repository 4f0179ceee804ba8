/**
 * Which model versions are loaded, and which of them a name stands for. A name keeps its version until a newer one is
 * loaded in every thread, so a new version goes live without a request failing or waiting.
 */

import { AppError } from '../core/errors.js';
import { LruMap } from '../core/lru-map.js';
import type { ModelShape, ServedModels } from './model-source.js';
import type { ModelBytes } from './session-messages.js';

/** A version that can be used. */
export interface LoadedModel {
  /** Number under which slots and the cache know it; never used again for another version. */
  readonly model: number;
  /** name@version. */
  readonly ref: string;
  readonly shape: ModelShape;
  /** Whether its trunk is computed in eight bits. */
  readonly isQuantized: boolean;
  /** Requests that use it now; it is not released before they are done. Changed through `use` and `done`. */
  users: number;
}

/** The threads, as far as this module needs them. */
export interface ModelLoader {
  load(model: ModelBytes): Promise<ModelShape>;
  release(model: number): void;
}

/** Structured log: one event name and its fields. */
export type EvaluatorLog = (event: string, fields: Readonly<Record<string, unknown>>) => void;

/** The loaded versions, at most `limit` of them unless more are in use. */
export class LoadedModels {
  readonly #source: ServedModels;
  readonly #loader: ModelLoader;
  readonly #limit: number;
  readonly #log: EvaluatorLog;
  readonly #loaded = new LruMap<string, LoadedModel>();
  readonly #loading = new Map<string, Promise<LoadedModel>>();
  readonly #names = new Map<string, LoadedModel>();
  readonly #resolving = new Map<string, Promise<LoadedModel>>();
  /** Versions that were loaded again while in use; they go when they are done. */
  readonly #retired = new Set<LoadedModel>();
  #refreshing: Promise<void> = Promise.resolve();
  #nextModel = 1;
  /** Counts refreshes, so that an answer of the source from before one is not kept after it. */
  #generation = 0;

  constructor(source: ServedModels, loader: ModelLoader, limit: number, log: EvaluatorLog) {
    this.#source = source;
    this.#loader = loader;
    this.#limit = limit;
    this.#log = log;
  }

  /** How many versions are loaded. */
  get count(): number {
    return this.#loaded.size;
  }

  /** The version that `name` stands for, if that is loaded. */
  find(name: string): LoadedModel | undefined {
    return this.#names.get(name);
  }

  /**
   * The version that `name` stands for, loaded now if need be.
   *
   * @throws AppError 'not-found' if the source does not know it, or why it cannot be loaded
   */
  get(name: string): Promise<LoadedModel> {
    const known = this.#names.get(name);
    if (known) return Promise.resolve(known);
    const running = this.#resolving.get(name);
    if (running) return running;
    const resolving = this.#resolve(name).finally(() => this.#resolving.delete(name));
    this.#resolving.set(name, resolving);
    return resolving;
  }

  /** Marks a model as in use, to be followed by `done`. */
  use(model: LoadedModel): void {
    model.users++;
    this.#touch(model);
  }

  /** The opposite of `use`. */
  done(model: LoadedModel): void {
    model.users--;
    if (model.users === 0 && this.#retired.delete(model)) this.#release(model);
    if (this.#loaded.size > this.#limit) this.#evict();
  }

  /**
   * Asks the source again what the names stand for that are in use; a new version is loaded first and then takes over.
   * One that cannot be loaded is logged, and the old one stays.
   */
  refresh(): Promise<void> {
    this.#generation++;
    // One after the other, so that an older answer never replaces a newer one.
    this.#refreshing = this.#refreshing.then(() => this.#refreshNames());
    return this.#refreshing;
  }

  /**
   * Loads a version again, or all of a model, as the source now wants them served; the new one takes over without a
   * request failing. What is not loaded stays so.
   */
  async reload(nameOrRef: string): Promise<void> {
    for (const [ref, old] of this.#loaded.entries()) {
      if (ref !== nameOrRef && !ref.startsWith(`${nameOrRef}@`)) continue;
      const model = await this.#loadNow(ref);
      const isHeld = this.#holds(model);
      for (const [name, known] of this.#names) {
        if (known !== old) continue;
        if (isHeld) this.#names.set(name, model);
        else this.#names.delete(name);
      }
      if (old.users === 0) this.#release(old);
      else this.#retired.add(old);
    }
  }

  async #refreshNames(): Promise<void> {
    for (const [name, old] of [...this.#names]) {
      if (name === old.ref) continue;
      try {
        const ref = await this.#source.resolve(name);
        if (ref === old.ref) continue;
        let model = await this.#load(ref);
        while (!this.#holds(model)) model = await this.#load(ref);
        if (this.#names.get(name) === old) this.#names.set(name, model);
        this.#log('model-live', { name, ref, replaced: old.ref });
      } catch (error) {
        this.#log('model-not-loaded', { name, serving: old.ref, error: AppError.from(error).message });
      }
    }
    this.#evict();
  }

  async #resolve(name: string): Promise<LoadedModel> {
    for (;;) {
      const generation = this.#generation;
      const model = await this.#load(await this.#source.resolve(name));
      if (generation !== this.#generation || !this.#holds(model)) continue;
      this.#names.set(name, model);
      this.#touch(model);
      this.#evict(model);
      return model;
    }
  }

  /**
   * Whether a version is still loaded. To be asked after every wait for one: where all others are in use, a request that the
   * cache answers at once has used it and let it go before whoever waited for it has its turn.
   */
  #holds(model: LoadedModel): boolean {
    return this.#loaded.peek(model.ref) === model;
  }

  /** A retired version has given its place to the one that was loaded after it. */
  #touch(model: LoadedModel): void {
    if (this.#holds(model)) this.#loaded.get(model.ref);
  }

  #load(ref: string): Promise<LoadedModel> {
    const loaded = this.#loaded.peek(ref);
    if (loaded) return Promise.resolve(loaded);
    const running = this.#loading.get(ref);
    if (running) return running;
    const loading = this.#loadNow(ref).finally(() => this.#loading.delete(ref));
    this.#loading.set(ref, loading);
    return loading;
  }

  async #loadNow(ref: string): Promise<LoadedModel> {
    const bytes = await this.#source.read(ref);
    const file = new SharedArrayBuffer(bytes.length);
    new Uint8Array(file).set(bytes);
    const ranges = await this.#source.ranges?.(ref);
    const model = this.#nextModel++;
    const shape = await this.#loader.load({ model, ref, file, ranges });
    const isQuantized = ranges !== undefined;
    const loaded: LoadedModel = { model, ref, shape, isQuantized, users: 0 };
    this.#loaded.set(ref, loaded);
    this.#log('model-loaded', { ref, ...shape, precision: isQuantized ? 'int8' : 'fp32' });
    return loaded;
  }

  /** Releases versions that nobody uses, the one that was idle longest first, down to the limit. */
  #evict(except?: LoadedModel): void {
    while (this.#loaded.size > this.#limit) {
      const oldest = this.#loaded.takeOldest((model) => model.users === 0 && model !== except);
      if (!oldest) return;
      for (const [name, model] of this.#names) if (model === oldest) this.#names.delete(name);
      this.#release(oldest);
    }
  }

  #release({ model, ref }: LoadedModel): void {
    this.#loader.release(model);
    this.#log('model-released', { ref });
  }
}
