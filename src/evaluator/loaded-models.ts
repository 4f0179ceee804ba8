/**
 * Which model versions are loaded, in which precisions, and which of them a name stands for. A name keeps its version until a
 * newer one is loaded in every thread, so a new version goes live without a request failing or waiting.
 */

import { AppError } from '../core/errors.js';
import { LruMap } from '../core/lru-map.js';
import { askedPrecisions, type AnsweredPrecision, type AskedPrecision } from '../core/precision.js';
import type { ModelShape, ServedModels } from './model-source.js';
import type { Range } from '../nn/quantization/ranges.js';
import type { ModelBytes } from './session-messages.js';

/** A version that can be used, in one precision. */
export interface LoadedModel {
  /** Number under which slots and the cache know it; never used again for another version or precision. */
  readonly model: number;
  /** name@version. */
  readonly ref: string;
  readonly shape: ModelShape;
  /** In which its trunk is computed. */
  readonly precision: AnsweredPrecision;
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

/** The loaded versions, at most `limit` of them unless more are in use; one in two precisions counts twice. */
export class LoadedModels {
  readonly #source: ServedModels;
  readonly #loader: ModelLoader;
  readonly #limit: number;
  readonly #log: EvaluatorLog;
  readonly #loaded = new LruMap<string, LoadedModel>();
  readonly #loading = new Map<string, Promise<LoadedModel>>();
  readonly #names: Readonly<Record<AskedPrecision, Map<string, LoadedModel>>> = { auto: new Map(), fp32: new Map() };
  readonly #resolving = new Map<string, Promise<LoadedModel>>();
  /** Versions that no name stands for any more in this precision, while in use; they go when they are done. */
  readonly #retired = new Set<LoadedModel>();
  #refreshing: Promise<void> = Promise.resolve();
  #nextModel = 1;
  /** Counts refreshes and changes of precision, so that an answer of the source from before one is not kept after it. */
  #generation = 0;

  constructor(source: ServedModels, loader: ModelLoader, limit: number, log: EvaluatorLog) {
    this.#source = source;
    this.#loader = loader;
    this.#limit = limit;
    this.#log = log;
  }

  /** How many versions are loaded; one in two precisions counts twice. */
  get count(): number {
    return this.#loaded.size;
  }

  /** The version that `name` stands for, if that is loaded in the precision asked for. */
  find(name: string, asked: AskedPrecision): LoadedModel | undefined {
    return this.#names[asked].get(name);
  }

  /**
   * The version that `name` stands for, loaded now if need be.
   *
   * @throws AppError 'not-found' if the source does not know it, or why it cannot be loaded
   */
  get(name: string, asked: AskedPrecision): Promise<LoadedModel> {
    const known = this.find(name, asked);
    if (known) return Promise.resolve(known);
    const key = keyOf(name, asked);
    const running = this.#resolving.get(key);
    if (running) return running;
    const resolving = this.#resolve(name, asked).finally(() => this.#resolving.delete(key));
    this.#resolving.set(key, resolving);
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
   * Asks the source again in which precision a version, or all of a model, is to be served; where that changed, the other
   * precision is loaded and takes over without a request failing. What is not loaded stays so.
   */
  async reload(nameOrRef: string): Promise<void> {
    this.#generation++;
    const names = this.#names.auto;
    for (const [name, old] of [...names]) {
      if (old.ref !== nameOrRef && !old.ref.startsWith(`${nameOrRef}@`)) continue;
      const model = await this.#loadHeld(old.ref, 'auto');
      if (model === old || names.get(name) !== old) continue;
      names.set(name, model);
      this.#log('precision-changed', { name, ref: model.ref, precision: model.precision });
      this.#retire(old);
    }
    this.#evict();
  }

  async #refreshNames(): Promise<void> {
    for (const asked of askedPrecisions) {
      for (const [name, old] of [...this.#names[asked]]) {
        if (name !== old.ref) await this.#refreshName(name, old, asked);
      }
    }
    this.#evict();
  }

  async #refreshName(name: string, old: LoadedModel, asked: AskedPrecision): Promise<void> {
    try {
      const ref = await this.#source.resolve(name);
      if (ref === old.ref) return;
      const model = await this.#loadHeld(ref, asked);
      if (this.#names[asked].get(name) === old) this.#names[asked].set(name, model);
      this.#log('model-live', { name, ref, replaced: old.ref });
    } catch (error) {
      this.#log('model-not-loaded', { name, serving: old.ref, error: AppError.from(error).message });
    }
  }

  async #resolve(name: string, asked: AskedPrecision): Promise<LoadedModel> {
    for (;;) {
      const generation = this.#generation;
      const model = await this.#load(await this.#source.resolve(name), asked);
      if (generation !== this.#generation || !this.#holds(model)) continue;
      this.#names[asked].set(name, model);
      this.#touch(model);
      this.#evict(model);
      return model;
    }
  }

  /** A version that is still loaded when the caller has its turn. */
  async #loadHeld(ref: string, asked: AskedPrecision): Promise<LoadedModel> {
    let model = await this.#load(ref, asked);
    while (!this.#holds(model)) model = await this.#load(ref, asked);
    return model;
  }

  /**
   * Whether a version is still loaded. To be asked after every wait for one: where all others are in use, a request that the
   * cache answers at once has used it and let it go before whoever waited for it has its turn.
   */
  #holds(model: LoadedModel): boolean {
    return this.#loaded.peek(keyOf(model.ref, model.precision)) === model;
  }

  /** A retired version is not among the loaded ones. */
  #touch(model: LoadedModel): void {
    if (this.#holds(model)) this.#loaded.get(keyOf(model.ref, model.precision));
  }

  async #load(ref: string, asked: AskedPrecision): Promise<LoadedModel> {
    const ranges = asked === 'fp32' ? undefined : await this.#source.ranges?.(ref);
    const key = keyOf(ref, ranges ? 'int8' : 'fp32');
    const loaded = this.#loaded.peek(key);
    if (loaded) return loaded;
    const running = this.#loading.get(key);
    if (running) return running;
    const loading = this.#loadNow(ref, ranges).finally(() => this.#loading.delete(key));
    this.#loading.set(key, loading);
    return loading;
  }

  async #loadNow(ref: string, ranges: readonly Range[] | undefined): Promise<LoadedModel> {
    const bytes = await this.#source.read(ref);
    const file = new SharedArrayBuffer(bytes.length);
    new Uint8Array(file).set(bytes);
    const model = this.#nextModel++;
    const shape = await this.#loader.load({ model, ref, file, ranges });
    const precision = ranges ? 'int8' : 'fp32';
    const loaded: LoadedModel = { model, ref, shape, precision, users: 0 };
    this.#loaded.set(keyOf(ref, precision), loaded);
    this.#log('model-loaded', { ref, ...shape, precision });
    return loaded;
  }

  /** Gives a version up unless another name stands for it in this precision. */
  #retire(model: LoadedModel): void {
    if (askedPrecisions.some((asked) => [...this.#names[asked].values()].includes(model))) return;
    this.#loaded.delete(keyOf(model.ref, model.precision));
    if (model.users === 0) this.#release(model);
    else this.#retired.add(model);
  }

  /** Releases versions that nobody uses, the one that was idle longest first, down to the limit. */
  #evict(except?: LoadedModel): void {
    while (this.#loaded.size > this.#limit) {
      const oldest = this.#loaded.takeOldest((model) => model.users === 0 && model !== except);
      if (!oldest) return;
      for (const names of Object.values(this.#names)) {
        for (const [name, model] of names) if (model === oldest) names.delete(name);
      }
      this.#release(oldest);
    }
  }

  #release({ model, ref, precision }: LoadedModel): void {
    this.#loader.release(model);
    this.#log('model-released', { ref, precision });
  }
}

/** Key of a version or a name in one precision; neither holds a space. */
function keyOf(nameOrRef: string, precision: AskedPrecision | AnsweredPrecision): string {
  return `${nameOrRef} ${precision}`;
}
