/** Generates text with the language models of the store, each in a thread of its own that is started when it is needed. */

import type { ModelSource } from '../core/model-source.js';
import { AppError } from '../core/errors.js';
import { LruMap } from '../core/lru-map.js';
import { cancelled, throwIfAborted } from '../core/signals.js';
import type { EngineSettings } from '../engine/engine-settings.js';
import type { BatchLimits } from './continuous-batch.js';
import { type Generation, GeneratorThread } from './generator-thread.js';
import type { ModelFacts } from './messages.js';
import type { SpokenToken } from './speech.js';

export interface GeneratorSettings extends BatchLimits {
  readonly engine: EngineSettings;
  /** Models kept loaded; the one that is unused longest goes first. */
  readonly loadedModels: number;
}

/** What is known of a model before its vocabulary is opened. */
export interface UnopenedModel extends ModelFacts {
  /** name@version */
  readonly ref: string;
}

/**
 * Opens a vocabulary where that may be given up, since it may take any time; gives the tokens that end a text or a message.
 *
 * @throws AppError 'invalid-argument' if it cannot be read, 'deadline-exceeded' if that takes too long
 */
export type OpenVocabulary = (model: UnopenedModel, signal: AbortSignal) => Promise<readonly number[]>;

/** A model ready to generate. */
export interface TextModel extends UnopenedModel {
  /** That end a text or a message. */
  readonly stopTokens: readonly number[];
  /** The tokens as they come; ends after the last completion. Leaving the loop cancels what is left. */
  generate(generation: Generation, signal: AbortSignal): AsyncGenerator<SpokenToken>;
  /** The logits after every token [T, vocabulary]; an aborted signal withdraws the request. */
  logits(tokens: readonly number[], signal: AbortSignal): Promise<Float32Array>;
}

interface Entry {
  readonly model: Promise<TextModel & { readonly thread: GeneratorThread }>;
}

/** Owns the threads. */
export class Generator {
  readonly #files: ModelSource;
  readonly #settings: GeneratorSettings;
  readonly #openVocabulary: OpenVocabulary;
  readonly #closing = new AbortController();
  readonly #entries = new LruMap<string, Entry>();

  constructor(files: ModelSource, settings: GeneratorSettings, openVocabulary: OpenVocabulary) {
    this.#files = files;
    this.#settings = settings;
    this.#openVocabulary = openVocabulary;
  }

  /**
   * A model by name or name@version, loaded if need be.
   *
   * @throws AppError 'not-found' if there is none, 'invalid-argument' if it is no language model
   */
  async model(name: string): Promise<TextModel> {
    throwIfAborted(this.#closing.signal);
    const ref = await this.#files.resolve(name);
    const entry = this.#entries.get(ref) ?? this.#open(ref);
    const model = await entry.model;
    await this.#evict();
    return model;
  }

  /** Ends all threads; what they were at fails with 'unavailable'. */
  async close(): Promise<void> {
    this.#closing.abort(new AppError('unavailable', 'The server is stopping'));
    for (const { model } of this.#entries.values())
      await model.then(({ thread }) => thread.close()).catch(() => undefined);
    this.#entries.clear();
  }

  /** Loads a model that is forgotten when its thread ends, so that the next request starts another. */
  #open(ref: string): Entry {
    const entry = { model: this.#load(ref) };
    this.#entries.set(ref, entry);
    const forget = (): void => {
      if (this.#entries.peek(ref) === entry) this.#entries.delete(ref);
    };
    void entry.model.then(({ thread }) => thread.ended).then(forget, forget);
    return entry;
  }

  async #load(ref: string): Promise<TextModel & { readonly thread: GeneratorThread }> {
    const modelFile = await this.#files.read(ref);
    const { engine, cacheBytes, maxWaiting, prefillTokens } = this.#settings;
    const limits = { cacheBytes, maxWaiting, prefillTokens };
    const thread = await GeneratorThread.start({ modelFile, engine, limits });
    try {
      const unopened = { ref, ...thread.facts };
      return {
        ...unopened,
        stopTokens: await this.#openVocabulary(unopened, this.#closing.signal),
        thread,
        generate: (generation, signal) => generate(thread, generation, signal),
        logits: (tokens, signal) => thread.logits(tokens, signal),
      };
    } catch (error) {
      await thread.close();
      throw error;
    }
  }

  /** Lets idle models go while more are loaded than wanted. */
  async #evict(): Promise<void> {
    const tooMany = Math.max(0, this.#entries.size - this.#settings.loadedModels);
    for (const [ref, { model }] of this.#entries.entries().slice(0, tooMany)) {
      const { thread } = await model.catch(() => ({ thread: undefined }));
      if (!thread?.isIdle || !this.#entries.delete(ref)) continue;
      await thread.close();
    }
  }
}

async function* generate(
  thread: GeneratorThread,
  generation: Generation,
  signal: AbortSignal,
): AsyncGenerator<SpokenToken> {
  throwIfAborted(signal);
  const call = thread.add(generation);
  const abort = (): void => call.fail(cancelled(signal));
  signal.addEventListener('abort', abort, { once: true });
  try {
    yield* call;
  } finally {
    signal.removeEventListener('abort', abort);
    thread.cancel(call.id);
  }
}
