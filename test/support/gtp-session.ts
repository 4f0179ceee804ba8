/** A bridge in this process: the real loop and commands over an evaluator that needs no server. */

import { PassThrough } from 'node:stream';
import { bridgeSchema, type BridgeConfig } from '../../clients/gtp-bridge/config.js';
import { runLoop } from '../../clients/gtp-bridge/engine.js';
import { LineReader } from '../../clients/shared/lines.js';
import { Session } from '../../clients/gtp-bridge/session.js';
import { commandTable } from '../../clients/gtp-bridge/table.js';
import { Condition } from '../../src/core/condition.js';
import { readConfig } from '../../src/core/config.js';
import type { AppError } from '../../src/core/errors.js';
import type { GoEvaluation } from '../../src/go/evaluation.js';
import type { Position } from '../../src/go/position.js';
import type { Evaluator } from '../../src/search/evaluator.js';
import { HeuristicEvaluator } from './heuristic-evaluator.js';

/** What may differ from the usual test bridge: 5×5, 7×7 and 9×9, few visits, never resigns. */
export interface GtpSessionOptions {
  readonly settings?: Partial<BridgeConfig>;
  readonly evaluator?: Evaluator<Position, GoEvaluation>;
  readonly sizes?: readonly number[];
  /** Whether the network is told the rules, as KataGo's are. */
  readonly tellsRules?: boolean;
  readonly ready?: () => Promise<void>;
}

export class GtpConversation {
  readonly session: Session;
  readonly input = new PassThrough();
  readonly errors: unknown[] = [];
  /** What was passed over or guessed in files. */
  readonly notes: string[] = [];
  readonly troubles: AppError[] = [];
  output = '';
  readonly ended: Promise<void>;
  readonly #changed = new Condition();

  constructor(options: GtpSessionOptions = {}) {
    const evaluator = options.evaluator ?? new HeuristicEvaluator();
    this.session = new Session({
      version: '0.1.0',
      config: readConfig(bridgeSchema, { visits: 16, batch: 4, resignBelow: 0, ...options.settings }),
      evaluatorFor: () => evaluator,
      onTrouble: (error) => this.troubles.push(error),
      onNote: (note) => this.notes.push(note),
    });
    this.session.setSizes(options.sizes ?? [9, 7, 5]);
    this.session.tellsRules = options.tellsRules ?? false;
    this.ended = runLoop(commandTable(this.session, options.ready ?? (() => Promise.resolve())), {
      lines: new LineReader(this.input),
      write: (text) => {
        this.output += text;
        this.#changed.notifyAll();
        return Promise.resolve();
      },
      onError: (error) => this.errors.push(error),
      idle: (moreInput) => this.session.ponder(moreInput),
      signal: new AbortController().signal,
    });
  }

  /** Sends text as it is. */
  send(text: string): void {
    this.input.write(text);
  }

  /** Resolves once the output matches. */
  async until(pattern: RegExp): Promise<string> {
    await this.#changed.until(() => pattern.test(this.output));
    return this.output;
  }

  /** Ends the input, waits for the end and returns everything said. */
  async close(): Promise<string> {
    this.input.end();
    await this.ended;
    return this.output;
  }
}

/** Sends a whole script at once, as a GUI that pipelines does, and returns the whole output. */
export async function converse(script: string, options: GtpSessionOptions = {}): Promise<string> {
  const conversation = new GtpConversation(options);
  conversation.send(script);
  return conversation.close();
}
