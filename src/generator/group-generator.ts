/**
 * Completions of many prompts in lockstep, several of each, with weights that change between calls: what reinforcement
 * fine-tuning draws in every step. A prompt is read once for all its completions; every further token of all of them is
 * one call of one graph, whose weights are inputs, so that an update compiles nothing. (Serving, where requests come and go
 * and weights stay, has continuous-batch.ts.) Blocks the calling thread.
 */

import { check } from '../core/errors.js';
import type { Rng } from '../core/rng.js';
import type { NamedTensors } from '../engine/engine.js';
import type { Engine, Program, Wanted } from '../engine/engine.js';
import { ProgramShelf } from '../engine/program-shelf.js';
import type { TransformerConfiguration } from '../nn/networks/transformer/configuration.js';
import { decodeGraph } from '../nn/networks/transformer/decode-step.js';
import { prefillGraph, type RowShape } from '../nn/networks/transformer/rows.js';
import type { TensorData } from '../nn/types.js';
import { column, LockstepCaches } from './lockstep-caches.js';
import { type PromptRows, promptRows } from './prompt-rows.js';
import { sample } from './sampling.js';

/** How completions are drawn. */
export interface GroupSettings {
  /** Completions of each prompt. */
  readonly completions: number;
  readonly maxTokens: number;
  /** Tokens that end a completion; the one that does is its last token. */
  readonly stopTokens: readonly number[];
  /** Logits are divided by it; 0 takes the likeliest token. */
  readonly temperature: number;
  /** Only the likeliest tokens that make up this share of the probability are drawn from. */
  readonly topP: number;
  /** Tokens at the beginning that all prompts share; the states of prompts are summarised apart from them. */
  readonly prefixTokens: number;
  /** Chance of one completion; asked once for each. */
  readonly rng: (prompt: number, completion: number) => Rng;
}

export interface GroupCompletion {
  readonly tokens: readonly number[];
  /** Of each token when it was drawn, under the logits divided by the temperature. */
  readonly logProbabilities: readonly number[];
  /** False if it ended because it was as long as allowed. */
  readonly isStopped: boolean;
}

/** Mean unit vectors of what the last layer's gated hidden layer reads, over the tokens of a prompt, each [h]. */
export interface PromptSummary {
  readonly question: Float32Array;
  /** Zeros if there is no prefix. */
  readonly prefix: Float32Array;
  /** Tokens of the question. */
  readonly length: number;
}

/** A prompt's completions and its summary. */
export interface Group {
  readonly completions: readonly GroupCompletion[];
  readonly summary: PromptSummary;
}

/** Sequences that are drawn at a time, and prompts that are read at a time when nothing is drawn. */
const SEQUENCES = 256;
const PROMPTS = 64;
/** Lengths of prompts are rounded up to a multiple of it, so that few graphs serve all. */
const LENGTH_STEP = 4;
/** Graphs kept compiled. */
const GRAPHS = 24;

interface Drawing {
  readonly prompt: number;
  readonly completion: number;
  readonly rng: Rng;
  readonly tokens: number[];
  readonly logProbabilities: number[];
  isStopped: boolean;
}

/** Draws with the weights as they are at the moment of each call. */
export class GroupGenerator {
  readonly #configuration: TransformerConfiguration;
  readonly #weights: () => NamedTensors;
  readonly #prefills: ProgramShelf<RowShape>;
  readonly #decode: Program;

  /** @param weights under their names in a checkpoint; only read */
  static async open(
    engine: Engine,
    configuration: TransformerConfiguration,
    weights: () => NamedTensors,
  ): Promise<GroupGenerator> {
    const decode = await engine.compile(decodeGraph(configuration));
    const prefills = new ProgramShelf((shape: RowShape) => engine.compile(prefillGraph(configuration, shape)), GRAPHS);
    return new GroupGenerator(configuration, weights, { decode, prefills });
  }

  private constructor(
    configuration: TransformerConfiguration,
    weights: () => NamedTensors,
    { decode, prefills }: { readonly decode: Program; readonly prefills: ProgramShelf<RowShape> },
  ) {
    this.#configuration = configuration;
    this.#weights = weights;
    this.#decode = decode;
    this.#prefills = prefills;
  }

  /**
   * Draws completions of every prompt.
   *
   * @throws AppError 'invalid-argument' if a prompt is empty or has no room for a completion in the context
   */
  async generate(prompts: readonly (readonly number[])[], settings: GroupSettings): Promise<Group[]> {
    this.#check(prompts, settings.maxTokens);
    const size = Math.max(1, Math.floor(SEQUENCES / settings.completions));
    const groups: Group[] = [];
    for (let start = 0; start < prompts.length; start += size) {
      groups.push(...(await this.#generateSome(prompts.slice(start, start + size), start, settings)));
    }
    return groups;
  }

  /** Reads prompts without drawing anything. */
  async summarise(prompts: readonly (readonly number[])[], prefixTokens: number): Promise<PromptSummary[]> {
    this.#check(prompts, 0);
    const summaries: PromptSummary[] = [];
    for (let start = 0; start < prompts.length; start += PROMPTS) {
      const rows = promptRows(prompts.slice(start, start + PROMPTS), prefixTokens, LENGTH_STEP);
      const { means } = await this.#prefill(rows, 1, { means: null });
      summaries.push(...summariesOf(means!, rows));
    }
    return summaries;
  }

  /** Frees the graphs. */
  async close(): Promise<void> {
    await this.#prefills.close();
    await this.#decode.release();
  }

  #check(prompts: readonly (readonly number[])[], maxTokens: number): void {
    const { context } = this.#configuration;
    for (const [i, { length }] of prompts.entries()) {
      check(length > 0, `Prompt ${i} is empty`);
      check(
        length + maxTokens <= context,
        () => `Prompt ${i} has ${length} tokens and ${maxTokens} may follow; together at most ${context} fit`,
      );
    }
  }

  async #generateSome(
    prompts: readonly (readonly number[])[],
    first: number,
    settings: GroupSettings,
  ): Promise<Group[]> {
    const { completions, prefixTokens } = settings;
    const rows = promptRows(prompts, prefixTokens, LENGTH_STEP);
    const scale = scaleOf(settings);
    const read = await this.#prefill(rows, scale);
    const drawings = prompts.flatMap((_, prompt) =>
      Array.from({ length: completions }, (_, completion): Drawing => {
        const rng = settings.rng(first + prompt, completion);
        return { prompt, completion, rng, tokens: [], logProbabilities: [], isStopped: false };
      }),
    );
    await this.#draw(drawings, { rows, read, settings, scale });
    return summariesOf(read['means']!, rows).map((summary, prompt) => ({
      completions: drawings.slice(prompt * completions, (prompt + 1) * completions),
      summary,
    }));
  }

  /** Draws tokens until every completion has ended. */
  async #draw(
    drawings: readonly Drawing[],
    { rows, read, settings, scale }: { rows: PromptRows; read: NamedTensors; settings: GroupSettings; scale: number },
  ): Promise<void> {
    const { vocabulary } = this.#configuration;
    const firsts = read['logits']!.data as Float32Array;
    let live = drawings.filter((one) => !takeToken(one, firsts, one.prompt * vocabulary, vocabulary, settings));
    if (live.length === 0) return;
    const caches = new LockstepCaches(this.#configuration, rows.shape.length, settings.maxTokens - 1);
    caches.fill(
      read,
      live.map(({ prompt }) => ({ prompt, length: rows.lengths[prompt]! })),
    );
    while (live.length > 0) {
      const outputs = await this.#decode.run({
        ...this.#weights(),
        ...caches.inputs(),
        tokens: { shape: [live.length], data: BigInt64Array.from(live, ({ tokens }) => BigInt(tokens.at(-1)!)) },
        positions: column(live.map(({ prompt, tokens }) => rows.lengths[prompt]! + tokens.length - 1)),
        scale: { shape: [], data: Float32Array.of(scale) },
      });
      const logits = outputs['logits']!.data as Float32Array;
      const goesOn = live.map((one, i) => !takeToken(one, logits, i * vocabulary, vocabulary, settings));
      caches.append(outputs, goesOn);
      live = live.filter((_, i) => goesOn[i]);
    }
  }

  async #prefill({ shape, inputs }: PromptRows, scale: number, wanted?: Wanted): Promise<NamedTensors> {
    const program = await this.#prefills.get(shape);
    return program.run({ ...this.#weights(), ...inputs, scale: { shape: [], data: Float32Array.of(scale) } }, wanted);
  }
}

function scaleOf({ temperature }: GroupSettings): number {
  return temperature === 0 ? 1 : 1 / temperature;
}

/** Draws a token; true if the completion has ended with it. */
function takeToken(
  drawing: Drawing,
  logits: Float32Array,
  at: number,
  vocabulary: number,
  { temperature, topP, stopTokens, maxTokens }: GroupSettings,
): boolean {
  const how = { temperature: temperature === 0 ? 0 : 1, topP };
  const { token, logProbability } = sample(logits.subarray(at, at + vocabulary), how, drawing.rng);
  drawing.tokens.push(token);
  drawing.logProbabilities.push(logProbability);
  drawing.isStopped = stopTokens.includes(token);
  return drawing.isStopped || drawing.tokens.length >= maxTokens;
}

function summariesOf({ data, shape }: TensorData, { lengths, prefixTokens }: PromptRows): PromptSummary[] {
  const width = shape[2]!;
  const vector = (i: number): Float32Array => (data as Float32Array).slice(i * width, (i + 1) * width);
  return lengths.map((length, i) => ({
    question: vector(2 * i),
    prefix: vector(2 * i + 1),
    length: length - prefixTokens,
  }));
}
