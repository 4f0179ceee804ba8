/** The texts of a job, in a thread of its own that ends when the job is stopped. */

import type { AngleScore } from '../../methods/curriculum/curriculum.js';
import type { Model } from '../../nn/model-file.js';
import type { TransformerConfiguration } from '../../nn/networks/transformer/configuration.js';
import { owned } from '../../threads/messages.js';
import { type HeldThread, threadModule, ThreadPool } from '../../threads/pool.js';
import { partsOf, promptsOf, type PromptSettings, type RftTask, type TokenPrompts } from './prompts.js';
import type { ScoresOf } from './scored-tasks.js';
import type { TaskPoolOptions } from './task-pool.js';
import type * as calls from './text-calls.js';
import type { Texts } from './texts.js';

const module = threadModule<typeof calls>(import.meta.url, './text-calls.js');

/** The tasks of a data set that can be used, and the lines that cannot. */
export interface UsableTasks {
  readonly tasks: readonly RftTask[];
  readonly refusedLines: number;
  /** A sentence that names the refused lines. */
  readonly refused: string;
}

/** A thread with the vocabulary of a model. Calls must not overlap; each rejects with 'cancelled' once the job is stopped. */
export class TextThread implements Texts {
  readonly #pool: ThreadPool;
  readonly #thread: HeldThread;

  /** @throws AppError as `modelTokenizer` does */
  static async open(
    { metadata, architecture }: Pick<Model<TransformerConfiguration>, 'metadata' | 'architecture'>,
    signal: AbortSignal,
  ): Promise<TextThread> {
    const pool = new ThreadPool({ name: 'rft texts', threads: 1, waiting: 0 });
    try {
      const thread = await pool.hold(signal);
      await thread.run(module, 'openVocabulary', [metadata, architecture.vocabulary]);
      return new TextThread(pool, thread);
    } catch (error) {
      await pool.close();
      throw error;
    }
  }

  private constructor(pool: ThreadPool, thread: HeldThread) {
    this.#pool = pool;
    this.#thread = thread;
  }

  /** @param file given away if no other has its buffer. @throws AppError as `readTaskPool` does */
  async readPool(file: Uint8Array, options: Omit<TaskPoolOptions, 'tokenizer'>): Promise<UsableTasks> {
    const own = owned(file);
    const refused = await this.#thread.run(module, 'readPool', [own, options], { transfer: [own.buffer] });
    const tasks: RftTask[] = [];
    for (;;) {
      const part = await this.#thread.run(module, 'nextTasks', []);
      if (!part) return { tasks, ...refused };
      tasks.push(...part);
    }
  }

  /** @param file given away if no other has its buffer. @throws AppError as `parseScores` and `findScores` do */
  async readScores(file: Uint8Array, pool: readonly RftTask[], of: ScoresOf): Promise<AngleScore[]> {
    const own = owned(file);
    await this.#thread.run(module, 'readScores', [own, of], { transfer: [own.buffer] });
    const found: AngleScore[] = [];
    for (const part of partsOf(pool)) found.push(...(await this.#thread.run(module, 'scoresOf', [part])));
    return found;
  }

  /** See `formatScoredTasks`. */
  async formatScores(pool: readonly RftTask[], scores: readonly AngleScore[], version: string): Promise<Uint8Array> {
    const files: Uint8Array[] = [];
    let start = 0;
    for (const part of partsOf(pool)) {
      const found = scores.slice(start, (start += part.length));
      files.push(await this.#thread.run(module, 'formatScores', [part, found, version]));
    }
    return Buffer.concat(files);
  }

  async encode(tasks: readonly RftTask[], settings: PromptSettings): Promise<TokenPrompts> {
    const tokens: (readonly number[])[] = [];
    let stopTokens: readonly number[] = [];
    for (const part of partsOf(tasks, settings.prefix.length)) {
      const encoded = await this.#thread.run(module, 'encode', [part, settings]);
      tokens.push(...encoded.tokens);
      stopTokens = encoded.stopTokens;
    }
    return promptsOf({ tokens, stopTokens });
  }

  decode(tokens: readonly (readonly number[])[]): Promise<string[]> {
    return this.#thread.run(module, 'decode', [tokens]);
  }

  close(): Promise<void> {
    return this.#pool.close();
  }
}
