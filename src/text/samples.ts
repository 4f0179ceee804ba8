/**
 * Samples of supervised fine-tuning: a line of JSONL with `messages`, `prompt` and `completion`, or `text`, as token
 * ids with the weight that each has in the loss.
 *
 * Chat template (ChatML): every message is `<|im_start|>ROLE\nCONTENT<|im_end|>\n`. What the model learns to say is the
 * content of the assistant's messages with the `<|im_end|>` after it; `prompt` and `completion` follow each other as
 * they are, and the completion with its end is learnt; of `text` everything is.
 */

import { AppError, check } from '../core/errors.js';
import { shown } from '../core/quoted.js';
import { type Tokenizer, markers } from './tokenizer.js';

/** One sequence to learn. */
export interface Sample {
  readonly tokens: Int32Array;
  /** Weight of predicting the token at the same index from those before it, 0 or 1; the first has 0. */
  readonly weights: Float32Array;
}

/** Who may speak in `messages`. */
const roles = ['system', 'user', 'assistant', 'tool'];

const fields = ['messages', 'prompt', 'completion', 'text'];

/**
 * The sample of one line; other fields are passed over.
 *
 * @throws AppError 'invalid-argument' with the reason if the line is malformed or teaches nothing
 */
export function parseSample(line: string, tokenizer: Tokenizer): Sample {
  const row = parseRow(line);
  const builder = new SampleBuilder(tokenizer);
  const present = fields.filter((field) => row[field] !== undefined);
  switch (present.join('+')) {
    case 'messages':
      addMessages(builder, row['messages']);
      break;
    case 'prompt+completion':
      builder.add(textOf(row, 'prompt'), 0);
      builder.add(textOf(row, 'completion'), 1);
      builder.addIds([tokenizer.endOfText], 1);
      break;
    case 'text':
      builder.add(textOf(row, 'text'), 1);
      builder.addIds([tokenizer.endOfText], 1);
      break;
    default:
      throw new AppError(
        'invalid-argument',
        `it has ${present.length === 0 ? 'none' : present.join(' and ')} of the fields; it must have messages, prompt and completion, or text`,
      );
  }
  return builder.build();
}

/** The text up to where the assistant speaks: what a model is given to answer `messages`. */
export function chatPrompt(
  messages: readonly { readonly role: string; readonly content: string }[],
  tokenizer: Tokenizer,
): number[] {
  const builder = new SampleBuilder(tokenizer);
  addMessages(builder, messages);
  return [...builder.tokens, ...tokenizer.encodeMarker(markers.messageStart), ...tokenizer.encode('assistant\n')];
}

class SampleBuilder {
  readonly tokens: number[] = [];
  readonly tokenizer: Tokenizer;
  readonly #weights: number[] = [];

  constructor(tokenizer: Tokenizer) {
    this.tokenizer = tokenizer;
  }

  add(text: string, weight: 0 | 1): void {
    this.addIds(this.tokenizer.encode(text), weight);
  }

  addIds(ids: readonly number[], weight: 0 | 1): void {
    for (const id of ids) {
      this.tokens.push(id);
      this.#weights.push(weight);
    }
  }

  build(): Sample {
    const weights = Float32Array.from(this.#weights);
    // Nothing stands before the first token to predict it from.
    weights[0] = 0;
    check(weights.includes(1), 'there is nothing to learn in it: no token that counts follows another');
    return { tokens: Int32Array.from(this.tokens), weights };
  }
}

function addMessages(builder: SampleBuilder, messages: unknown): void {
  check(Array.isArray(messages) && messages.length > 0, 'messages must be a list with at least one message');
  messages.forEach((message: unknown, i) => {
    check(isRecord(message), `message ${i + 1} must be an object`);
    const { role } = message;
    check(
      typeof role === 'string' && roles.includes(role),
      () => `the role of message ${i + 1} is ${shown(role)}; it must be one of ${roles.join(', ')}`,
    );
    const learnt = role === 'assistant' ? 1 : 0;
    builder.addIds(builder.tokenizer.encodeMarker(markers.messageStart), 0);
    builder.add(`${role}\n`, 0);
    builder.add(textOf(message, 'content', ` of message ${i + 1}`), learnt);
    builder.addIds(builder.tokenizer.encodeMarker(markers.messageEnd), learnt);
    builder.add('\n', 0);
  });
}

function parseRow(line: string): Record<string, unknown> {
  let row: unknown;
  try {
    row = JSON.parse(line);
  } catch (error) {
    throw new AppError('invalid-argument', 'it is not JSON', { cause: error });
  }
  check(isRecord(row), 'it must be a JSON object');
  return row;
}

function textOf(row: Record<string, unknown>, field: string, where = ''): string {
  const value = row[field];
  check(typeof value === 'string', () => `${field}${where} is ${kindOf(value)}; it must be a string`);
  return value;
}

function kindOf(value: unknown): string {
  if (value === undefined) return 'missing';
  return Array.isArray(value) ? 'a list' : value === null ? 'null' : `a ${typeof value}`;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
