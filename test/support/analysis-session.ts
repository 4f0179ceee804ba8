/** An analysis engine in this process, over an evaluator that needs no server. */

import { PassThrough } from 'node:stream';
import { analysisSchema, type AnalysisConfig } from '../../clients/analysis/config.js';
import { AnalysisEngine, type AnalysisEngineOptions } from '../../clients/analysis/engine.js';
import { LineReader } from '../../clients/shared/lines.js';
import { SearchSlots } from '../../clients/analysis/search-slots.js';
import type { ModelFacts } from '../../clients/shared/model-watch.js';
import { Condition } from '../../src/core/condition.js';
import { readConfig } from '../../src/core/config.js';
import type { AppError } from '../../src/core/errors.js';
import type { GoEvaluation } from '../../src/go/evaluation.js';
import type { Position } from '../../src/go/position.js';
import type { Evaluator } from '../../src/search/evaluator.js';
import { HeuristicEvaluator } from './heuristic-evaluator.js';

/** An answer as a program reads it. */
export interface SaidAnswer {
  readonly id?: string;
  readonly error?: string;
  readonly warning?: string;
  readonly field?: string;
  readonly isDuringSearch?: boolean;
  readonly noResults?: boolean;
  readonly turnNumber?: number;
  readonly moveInfos?: readonly Record<string, unknown>[];
  readonly rootInfo?: Readonly<Record<string, unknown>>;
  readonly ownership?: readonly number[];
  readonly policy?: readonly number[];
  readonly [field: string]: unknown;
}

/** What may differ from the usual: 5×5, 7×7 and 9×9, few visits. */
export interface AnalysisSessionOptions {
  readonly settings?: Partial<AnalysisConfig>;
  readonly evaluator?: Evaluator<Position, GoEvaluation>;
  readonly model?: () => Promise<ModelFacts>;
  /** The search of a server; none if left out. */
  readonly remote?: AnalysisEngineOptions['remote'];
  /** Characters of the longest line; 65,536 if left out. */
  readonly maxLineLength?: number;
}

export class AnalysisConversation {
  readonly input = new PassThrough();
  readonly answers: SaidAnswer[] = [];
  readonly troubles: AppError[] = [];
  readonly ended: Promise<void>;
  readonly #abort = new AbortController();
  readonly #changed = new Condition();

  constructor(options: AnalysisSessionOptions = {}) {
    const evaluator = options.evaluator ?? new HeuristicEvaluator();
    const engine = new AnalysisEngine({
      config: readConfig(analysisSchema, { visits: 16, batch: 1, positions: 2, ...options.settings }),
      version: '1.2.3',
      slots: new SearchSlots(options.settings?.positions ?? 2),
      evaluatorFor: () => evaluator,
      ...(options.remote && { remote: options.remote }),
      model:
        options.model ??
        (() => Promise.resolve({ ref: 'hand@0', sizes: [9, 7, 5], tellsRules: false, katagoVersion: 8 })),
      write: (line) => {
        this.answers.push(JSON.parse(line) as SaidAnswer);
        this.#changed.notifyAll();
        return Promise.resolve();
      },
      onTrouble: (error) => this.troubles.push(error),
    });
    this.ended = engine.run(new LineReader(this.input, options.maxLineLength), this.#abort.signal);
  }

  /** Sends queries, or lines as they are. */
  send(...queries: readonly (object | string)[]): this {
    for (const query of queries) this.input.write(`${typeof query === 'string' ? query : JSON.stringify(query)}\n`);
    return this;
  }

  /** The first answer that matches, once there is one. */
  async answer(matches: (answer: SaidAnswer) => boolean): Promise<SaidAnswer> {
    for (;;) {
      const found = this.answers.find(matches);
      if (found) return found;
      await this.#changed.wait();
    }
  }

  interrupt(): void {
    this.#abort.abort();
  }

  /** Ends the input and returns all answers, which come when everything is done. */
  async close(): Promise<readonly SaidAnswer[]> {
    this.input.end();
    await this.ended;
    return this.answers;
  }
}

/** Sends queries at once and returns all answers. */
export function analyse(
  queries: readonly (object | string)[],
  options?: AnalysisSessionOptions,
): Promise<readonly SaidAnswer[]> {
  return new AnalysisConversation(options).send(...queries).close();
}
