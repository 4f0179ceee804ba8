/** The owner's side of a generating thread. */

import { Condition } from '../core/condition.js';
import { AppError } from '../core/errors.js';
import { orAborted, throwIfAborted } from '../core/signals.js';
import { receiveError } from '../threads/messages.js';
import { ServiceThread } from '../threads/service-thread.js';
import { threadUrl } from '../threads/thread-url.js';
import type { GenerationTask } from './continuous-batch.js';
import type { GeneratorCalls, GeneratorEvent, ModelFacts, ThreadData } from './messages.js';
import type { SpokenToken } from './speech.js';

/** A request to generate. */
export type Generation = Omit<GenerationTask, 'id'> & {
  /** Texts that end a completion and are not part of it. */
  readonly stops?: readonly string[];
};

/** The tokens of one task, in order, as an iterable that ends after the last completion. */
class Call {
  readonly id: number;
  readonly #queue: SpokenToken[] = [];
  readonly #completions: number;
  readonly #ended = new Set<number>();
  #error: AppError | undefined;
  readonly #changed = new Condition();

  constructor(id: number, completions: number) {
    this.id = id;
    this.#completions = completions;
  }

  push(token: SpokenToken): void {
    this.#queue.push(token);
    this.#changed.notifyAll();
  }

  fail(error: AppError): void {
    this.#error ??= error;
    this.#changed.notifyAll();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<SpokenToken> {
    while (this.#ended.size < this.#completions) {
      if (this.#error) throw this.#error;
      const token = this.#queue.shift();
      if (token) {
        if (token.finishReason) this.#ended.add(token.completion);
        yield token;
      } else {
        await this.#changed.wait();
      }
    }
  }
}

/** A thread with a model. */
export class GeneratorThread {
  /** Resolves when it generates no more, whether it was closed or died. */
  readonly ended: Promise<void>;
  readonly #thread: ServiceThread<GeneratorCalls, ModelFacts, GeneratorEvent>;
  readonly #calls = new Map<number, Call>();
  #facts!: ModelFacts;
  #answers = 0;
  #nextId = 0;
  #failure: AppError | undefined;
  #end!: () => void;

  /** Starts a thread and waits until its model is compiled. @throws AppError if it cannot be */
  static async start(data: ThreadData): Promise<GeneratorThread> {
    const generator = new GeneratorThread(data);
    try {
      generator.#facts = await generator.#thread.opened;
      return generator;
    } catch (error) {
      await generator.close();
      throw error;
    }
  }

  private constructor(start: ThreadData) {
    this.ended = new Promise((resolve) => (this.#end = resolve));
    this.#thread = new ServiceThread({
      name: 'generator',
      url: threadUrl(import.meta.url, './thread.js'),
      start,
      event: (event) => this.#take(event),
      gone: (why) => this.#fail(why ?? unloaded()),
    });
  }

  get facts(): ModelFacts {
    return this.#facts;
  }

  /** True while nothing is generated. */
  get isIdle(): boolean {
    return this.#calls.size === 0 && this.#answers === 0;
  }

  /** Starts a task. */
  add({ stops = [], ...generation }: Generation): Call {
    const id = this.#nextId++;
    const call = new Call(id, generation.completions);
    if (this.#failure) {
      call.fail(this.#failure);
      return call;
    }
    this.#calls.set(id, call);
    this.#thread.tell('add', { ...generation, id }, stops);
    return call;
  }

  /** The logits after every token [T, V]; an aborted signal withdraws the request. */
  async logits(tokens: readonly number[], signal?: AbortSignal): Promise<Float32Array> {
    throwIfAborted(signal);
    const id = this.#nextId++;
    this.#answers++;
    try {
      return await orAborted(this.#thread.call('logits', id, tokens), signal);
    } finally {
      this.#answers--;
      if (signal?.aborted) this.#thread.tell('cancel', id);
    }
  }

  /** Ends a task. Harmless if it has ended. */
  cancel(id: number): void {
    if (this.#calls.delete(id)) this.#thread.tell('cancel', id);
  }

  /** Ends the thread after the run under way; what it was at fails with 'unavailable'. */
  async close(): Promise<void> {
    this.#fail(unloaded());
    await this.#thread.close(unloaded());
  }

  #take(event: GeneratorEvent): void {
    if ('refused' in event) this.#calls.get(event.refused)?.fail(receiveError(event.error));
    else for (const token of event.tokens) this.#calls.get(token.id)?.push(token);
  }

  #fail(error: AppError): void {
    this.#failure ??= error;
    this.#end();
    for (const call of this.#calls.values()) call.fail(this.#failure);
  }
}

function unloaded(): AppError {
  return new AppError('unavailable', 'The model was unloaded');
}
