/**
 * Continuous batching (Yu et al., "Orca", OSDI 2022): sequences join and leave between any two steps. A step reads one new
 * token of every sequence that generates, and a bounded number of prompt tokens of those that are still read, so that a
 * long prompt never stalls the others. Knows no threads: `step` is called again and again by whoever owns it.
 */

import { AppError, check } from '../core/errors.js';
import { Rng } from '../core/rng.js';
import { KeyValueCache } from './cache.js';
import type { Decoder, Reading } from './decoder.js';
import { sample, type SamplingSettings } from './sampling.js';

export interface GenerationTask extends SamplingSettings {
  readonly id: number;
  /** At least one token. */
  readonly prompt: readonly number[] | Int32Array;
  /** Completions of the one prompt, whose reading they share. */
  readonly completions: number;
  readonly maxTokens: number;
  /** Tokens that end a completion and are not part of it. */
  readonly stopTokens: readonly number[];
  readonly seed: number;
}

/** Why a completion ended: at a stop, or at the most tokens. */
export type FinishReason = 'stop' | 'length';

/** Something that a step brought. */
export interface GeneratedToken {
  readonly id: number;
  readonly completion: number;
  /** Absent if the token was one that ends the completion. */
  readonly token?: number;
  readonly logProbability?: number;
  readonly finishReason?: FinishReason;
}

export interface BatchLimits {
  /** Bytes of keys and values of all sequences together. */
  readonly cacheBytes: number;
  /** Tasks that wait for room. */
  readonly maxWaiting: number;
  /** Prompt tokens read in one step. */
  readonly prefillTokens: number;
}

interface Sequence {
  readonly task: GenerationTask;
  readonly completion: number;
  readonly cache: KeyValueCache;
  readonly rng: Rng;
  /** Tokens to read before the next one can be drawn. */
  unread: readonly number[];
  generated: number;
}

interface Admitted {
  readonly task: GenerationTask;
  readonly bytes: number;
  left: number;
}

/** The sequences of one model. */
export class ContinuousBatch {
  readonly #decoder: Decoder;
  readonly #limits: BatchLimits;
  readonly #waiting: GenerationTask[] = [];
  readonly #admitted = new Map<number, Admitted>();
  #sequences: Sequence[] = [];
  #bytes = 0;

  constructor(decoder: Decoder, limits: BatchLimits) {
    this.#decoder = decoder;
    this.#limits = limits;
  }

  /** True while there is nothing to do. */
  get isIdle(): boolean {
    return this.#sequences.length === 0 && this.#waiting.length === 0;
  }

  /**
   * Takes a task; it waits while the cache has no room for all that it may become.
   *
   * @throws AppError 'invalid-argument' if it could never fit, 'resource-exhausted' if too many wait
   */
  add(task: GenerationTask): void {
    const { context, vocabulary } = this.#decoder.configuration;
    const { prompt, maxTokens } = task;
    check(prompt.length > 0, 'The prompt is empty');
    check(maxTokens >= 1, () => `max_tokens is ${maxTokens}; it must be at least 1`);
    check(
      prompt.length + maxTokens <= context,
      () => `The prompt has ${prompt.length} tokens and max_tokens is ${maxTokens}; together at most ${context} fit`,
    );
    const unknown = prompt.find((token) => !(token >= 0 && token < vocabulary));
    check(
      unknown === undefined,
      () => `The prompt has token ${String(unknown)}; the model knows 0 to ${vocabulary - 1}`,
    );
    const bytes = this.#bytesOf(task);
    check(bytes <= this.#limits.cacheBytes, () => {
      return `The request may need ${bytes} bytes of cache; the server has ${this.#limits.cacheBytes}`;
    });
    if (this.#waiting.length >= this.#limits.maxWaiting) {
      throw new AppError('resource-exhausted', `${this.#waiting.length} requests wait already, which is the most`);
    }
    this.#waiting.push(task);
  }

  /** Ends a task, or one of its completions, without a further token. */
  cancel(id: number, completion?: number): void {
    const index = this.#waiting.findIndex((task) => task.id === id);
    if (index >= 0 && completion === undefined) this.#waiting.splice(index, 1);
    for (const sequence of this.#sequences) {
      if (sequence.task.id === id && (completion === undefined || sequence.completion === completion)) {
        this.#end(sequence);
      }
    }
  }

  /** Reads, draws, and returns what came of it. */
  async step(): Promise<GeneratedToken[]> {
    this.#admit();
    const chosen = this.#choose();
    if (chosen.length === 0) return [];
    const readings = chosen.map(([{ cache }, tokens]): Reading => ({ cache, tokens }));
    const logits = await this.#decoder.read(readings);
    return chosen.flatMap(([sequence, tokens], i) => {
      sequence.unread = sequence.unread.slice(tokens.length);
      if (sequence.unread.length > 0 || !this.#sequences.includes(sequence)) return [];
      return this.#fork(sequence).map((one) => this.#draw(one, logits[i]!));
    });
  }

  #bytesOf({ prompt, maxTokens, completions }: GenerationTask): number {
    const { layers, keyValueHeads, headWidth } = this.#decoder.configuration;
    const perToken = KeyValueCache.bytesPerToken(layers, keyValueHeads * headWidth);
    return (prompt.length + maxTokens) * completions * perToken;
  }

  /** First come, first served: a large request is not overtaken for ever by small ones. */
  #admit(): void {
    for (let task = this.#waiting[0]; task; task = this.#waiting[0]) {
      const bytes = this.#bytesOf(task);
      if (this.#bytes + bytes > this.#limits.cacheBytes) return;
      this.#waiting.shift();
      this.#bytes += bytes;
      this.#admitted.set(task.id, { task, bytes, left: 1 });
      const rng = new Rng(task.seed);
      this.#sequences.push({
        task,
        completion: 0,
        cache: this.#decoder.makeCache(),
        rng: rng.fork(0),
        unread: Array.from(task.prompt),
        generated: 0,
      });
    }
  }

  #choose(): [Sequence, readonly number[]][] {
    let room = this.#limits.prefillTokens;
    return this.#sequences.flatMap((sequence): [Sequence, readonly number[]][] => {
      if (sequence.generated > 0) return [[sequence, sequence.unread]];
      const tokens = sequence.unread.slice(0, room);
      room -= tokens.length;
      return tokens.length === 0 ? [] : [[sequence, tokens]];
    });
  }

  /** After the prompt the other completions start from a copy of what was read. */
  #fork(sequence: Sequence): Sequence[] {
    const { task, generated, completion } = sequence;
    if (generated > 0 || completion > 0) return [sequence];
    const rng = new Rng(task.seed);
    const others = Array.from({ length: task.completions - 1 }, (_, i): Sequence => {
      const own = { completion: i + 1, cache: sequence.cache.fork(), rng: rng.fork(i + 1) };
      return { ...sequence, ...own };
    });
    this.#sequences.push(...others);
    this.#admitted.get(task.id)!.left += others.length;
    return [sequence, ...others];
  }

  #draw(sequence: Sequence, logits: Float32Array): GeneratedToken {
    const { task, completion, rng } = sequence;
    const { id, stopTokens, maxTokens } = task;
    const { token, logProbability } = sample(logits, task, rng);
    if (stopTokens.includes(token)) {
      this.#end(sequence);
      return { id, completion, finishReason: 'stop' };
    }
    sequence.unread = [token];
    sequence.generated++;
    if (sequence.generated < maxTokens) return { id, completion, token, logProbability };
    this.#end(sequence);
    return { id, completion, token, logProbability, finishReason: 'length' };
  }

  #end(sequence: Sequence): void {
    this.#sequences = this.#sequences.filter((other) => other !== sequence);
    const admitted = this.#admitted.get(sequence.task.id)!;
    if (--admitted.left > 0) return;
    this.#admitted.delete(sequence.task.id);
    this.#bytes -= admitted.bytes;
  }
}
