/** Answers of Evaluate straight from their bytes to evaluations, with one allocation for all policies of an answer. */

import { decodeHalves, readHalves } from '../core/half.js';
import type { GoEvaluation } from '../go/evaluation.js';
import { scoreFields, type Writable } from '../go/scores.js';
import { EvaluateResponse } from '../proto/tengen/v1/evaluator.js';
import { type Cursor, skip, split, varint } from './fields.js';

/** An answer that has been read. */
export interface ReadAnswer extends Omit<EvaluateResponse, 'evaluations'> {
  readonly evaluations: readonly GoEvaluation[];
}

// Tags of an answer's evaluations, of their fields, and of the first of the details' fields.
const EVALUATION = 0x1a;
const POLICY = 0x0a;
const WIN = 0x15;
const DRAW = 0x1d;
const LOSS = 0x25;
const SCORE = 0x2d;
const OWNERSHIP = 0x32;
const DETAILS = 0x3a;
const FIRST_DETAIL = 0x0d;

/** @throws Error if the bytes are no answer */
export function readAnswer(bytes: Uint8Array): ReadAnswer {
  const fields = split(bytes, EVALUATION);
  if (!fields) throw new Error('the answer ends within a field');
  const { rest, starts } = fields;
  const reader = new EvaluationReader(bytes, starts.length);
  return { ...EvaluateResponse.decode(rest), evaluations: starts.map((start) => reader.read(start)) };
}

class EvaluationReader {
  readonly #cursor: Cursor;
  readonly #view: DataView;
  readonly #count: number;
  #logits = new Float32Array(0);
  #words = new Uint32Array(0);
  #used = 0;

  constructor(bytes: Uint8Array, count: number) {
    this.#cursor = { bytes, at: 0 };
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#count = count;
  }

  /** @param start where the evaluation's length is */
  read(start: number): GoEvaluation {
    const cursor = this.#cursor;
    cursor.at = start;
    const length = varint(cursor);
    const end = cursor.at + length;
    const evaluation: Writable<GoEvaluation> = { logits: none, win: 0, draw: 0, loss: 0, value: 0, score: 0 };
    while (cursor.at < end) {
      const tag = varint(cursor);
      const begin = skip(cursor, tag & 7);
      if (begin < 0 || cursor.at > end) throw new Error('an evaluation ends within a field');
      if (tag === WIN) evaluation.win = this.#view.getFloat32(begin, true);
      else if (tag === DRAW) evaluation.draw = this.#view.getFloat32(begin, true);
      else if (tag === LOSS) evaluation.loss = this.#view.getFloat32(begin, true);
      else if (tag === SCORE) evaluation.score = this.#view.getFloat32(begin, true);
      else if (tag === POLICY) evaluation.logits = this.#policy(begin, (cursor.at - begin) >> 1);
      else if (tag === OWNERSHIP && cursor.at > begin) {
        evaluation.ownership = decodeHalves(cursor.bytes.subarray(begin, cursor.at));
      } else if (tag === DETAILS) this.#details(begin, evaluation);
    }
    evaluation.value = evaluation.win - evaluation.loss;
    return evaluation;
  }

  #policy(from: number, entries: number): Float32Array {
    // All policies of an answer are of one length as a rule.
    if (this.#used + entries > this.#logits.length) {
      this.#logits = new Float32Array(entries * this.#count);
      this.#words = new Uint32Array(this.#logits.buffer);
      this.#used = 0;
    }
    const at = this.#used;
    this.#used += entries;
    readHalves(this.#cursor.bytes, from, entries, this.#logits, this.#words, at);
    return this.#logits.subarray(at, this.#used);
  }

  #details(from: number, evaluation: Writable<GoEvaluation>): void {
    const cursor = this.#cursor;
    const end = cursor.at;
    cursor.at = from;
    details.fill(0);
    while (cursor.at < end) {
      const tag = varint(cursor);
      const begin = skip(cursor, tag & 7);
      if (begin < 0) throw new Error('the details of a score end within a field');
      if ((tag & 7) === (FIRST_DETAIL & 7)) details[(tag - FIRST_DETAIL) / 8] = this.#view.getFloat32(begin, true);
    }
    for (let i = 0; i < details.length; i++) {
      if (!Number.isNaN(details[i]!)) evaluation[scoreFields[1 + i]!] = details[i]!;
    }
  }
}

const none = new Float32Array(0);
/** Of one evaluation at a time, in the order of `scoreFields`, behind the score. */
const details = new Float32Array(scoreFields.length - 1);
