/** A policy in a thread of its own, so that it never blocks the server's event loop. */

import { Worker } from 'node:worker_threads';
import { AppError } from '../../core/errors.js';
import { closeThread } from '../../engine/closing.js';
import { threadUrl } from '../../threads/thread-url.js';
import type { Group, PromptSummary } from '../../generator/group-generator.js';
import type { Weights } from '../../nn/model-file.js';
import type { PolicyOptions, PolicyPort, RolloutRequest, UpdateRequest, UpdateResult } from './policy.js';
import type { FromPolicy, PolicyCall, ToPolicy } from './policy-messages.js';

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: AppError) => void;
}

/** The calls of a policy, answered by its thread. */
export class PolicyHandle implements PolicyPort {
  readonly #worker: Worker;
  readonly #waiting = new Map<number | undefined, Waiting>();
  #failure: AppError | undefined;
  #nextId = 0;

  /** Starts the thread; rejects as `Policy.open` does. */
  static async open(options: PolicyOptions): Promise<PolicyHandle> {
    const handle = new PolicyHandle(options);
    try {
      await new Promise((resolve, reject) => handle.#waiting.set(undefined, { resolve, reject }));
    } catch (error) {
      await handle.close();
      throw error;
    }
    return handle;
  }

  private constructor(options: PolicyOptions) {
    this.#worker = new Worker(threadUrl(import.meta.url, './policy-thread.js'), { workerData: options });
    this.#worker.on('message', (message: FromPolicy) => this.#take(message));
    this.#worker.on('error', (error) => this.#fail(AppError.from(error)));
    this.#worker.on('exit', () => this.#fail(ended()));
  }

  generate(request: RolloutRequest): Promise<Group[]> {
    return this.#ask({ call: 'generate', request }) as Promise<Group[]>;
  }

  summarise(prompts: readonly (readonly number[])[], prefixTokens: number): Promise<PromptSummary[]> {
    return this.#ask({ call: 'summarise', prompts, prefixTokens }) as Promise<PromptSummary[]>;
  }

  update(request: UpdateRequest): Promise<UpdateResult> {
    return this.#ask({ call: 'update', request }) as Promise<UpdateResult>;
  }

  state(): Promise<Weights> {
    return this.#ask({ call: 'state' }) as Promise<Weights>;
  }

  /** Ends the thread after the run under way; what waits fails. */
  async close(): Promise<void> {
    this.#fail(ended());
    await closeThread(this.#worker);
  }

  #ask(asked: PolicyCall): Promise<unknown> {
    if (this.#failure) return Promise.reject(this.#failure);
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage({ id, asked } satisfies ToPolicy);
    });
  }

  #take({ id, value, error }: FromPolicy): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error) waiting?.reject(new AppError(error.kind, error.message));
    else waiting?.resolve(value);
  }

  #fail(error: AppError): void {
    this.#failure ??= error;
    for (const { reject } of this.#waiting.values()) reject(this.#failure);
    this.#waiting.clear();
  }
}

function ended(): AppError {
  return new AppError('unavailable', 'The thread of the policy has ended');
}
