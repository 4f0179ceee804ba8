/** The owner's side of a generating thread. */

import { Worker } from 'node:worker_threads';
import { AppError } from '../core/errors.js';
import { closeThread } from '../engine/closing.js';
import { threadUrl } from '../threads/thread-url.js';
import { receiveError } from '../threads/messages.js';
import type { GenerationTask } from './continuous-batch.js';
import type { FromThread, ModelFacts, ThreadData, ToThread } from './messages.js';
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
  #wake: () => void = () => undefined;

  constructor(id: number, completions: number) {
    this.id = id;
    this.#completions = completions;
  }

  push(token: SpokenToken): void {
    this.#queue.push(token);
    this.#wake();
  }

  fail(error: AppError): void {
    this.#error ??= error;
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<SpokenToken> {
    while (this.#ended.size < this.#completions) {
      if (this.#error) throw this.#error;
      const token = this.#queue.shift();
      if (token) {
        if (token.finishReason) this.#ended.add(token.completion);
        yield token;
      } else {
        await new Promise<void>((resolve) => (this.#wake = resolve));
      }
    }
  }
}

/** A thread with a model. */
export class GeneratorThread {
  /** Resolves when it generates no more, whether it was closed or died. */
  readonly ended: Promise<void>;
  readonly facts: ModelFacts;
  #end!: () => void;
  readonly #worker: Worker;
  readonly #calls = new Map<number, Call>();
  readonly #answers = new Map<number, { resolve: (logits: Float32Array) => void; reject: (error: AppError) => void }>();
  #nextId = 0;
  #failure: AppError | undefined;

  /** Starts a thread and waits until its model is compiled. @throws AppError if it cannot be */
  static async start(data: ThreadData): Promise<GeneratorThread> {
    const worker = new Worker(threadUrl(import.meta.url, './thread.js'), { workerData: data });
    const facts = await new Promise<ModelFacts>((resolve, reject) => {
      worker.once('message', (message: FromThread) => {
        if (message.kind === 'ready') resolve(message.facts);
        else if (message.kind === 'failed') reject(receiveError(message.error));
      });
      worker.once('error', (error) => reject(AppError.from(error)));
    });
    return new GeneratorThread(worker, facts);
  }

  private constructor(worker: Worker, facts: ModelFacts) {
    this.#worker = worker;
    this.facts = facts;
    this.ended = new Promise((resolve) => (this.#end = resolve));
    worker.removeAllListeners('error');
    worker.on('message', (message: FromThread) => this.#take(message));
    worker.on('error', (error) => this.#fail(`The generating thread failed: ${String(error)}`));
    worker.on('exit', () => this.#fail('The model was unloaded'));
  }

  /** True while nothing is generated. */
  get isIdle(): boolean {
    return this.#calls.size === 0 && this.#answers.size === 0;
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
    this.#say({ kind: 'add', task: { ...generation, id }, stops });
    return call;
  }

  /** The logits after every token [T, V]. */
  logits(tokens: readonly number[]): Promise<Float32Array> {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      if (this.#failure) {
        reject(this.#failure);
        return;
      }
      this.#answers.set(id, { resolve, reject });
      this.#say({ kind: 'logits', id, tokens });
    });
  }

  /** Ends a task. Harmless if it has ended. */
  cancel(id: number): void {
    if (this.#calls.delete(id)) this.#say({ kind: 'cancel', id });
  }

  /** Ends the thread after the run under way; what it was at fails with 'unavailable'. */
  async close(): Promise<void> {
    this.#fail('The model was unloaded');
    await closeThread(this.#worker);
  }

  #say(message: ToThread): void {
    this.#worker.postMessage(message);
  }

  #take(message: FromThread): void {
    if (message.kind === 'ready' || message.kind === 'failed') return;
    if ('id' in message) queueMicrotask(() => this.#answers.delete(message.id));
    if (message.kind === 'logits') this.#answers.get(message.id)?.resolve(message.logits);
    else if (message.kind === 'refused') {
      const error = new AppError(message.error, message.message);
      this.#calls.get(message.id)?.fail(error);
      this.#answers.get(message.id)?.reject(error);
    } else for (const token of message.tokens) this.#calls.get(token.id)?.push(token);
  }

  #fail(message: string): void {
    this.#failure ??= new AppError('unavailable', message);
    this.#end();
    for (const call of this.#calls.values()) call.fail(this.#failure);
    for (const { reject } of this.#answers.values()) reject(this.#failure);
  }
}
