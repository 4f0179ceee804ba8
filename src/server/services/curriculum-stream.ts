/**
 * One stream of CurriculumService: the curricula of the rft job for training loops of other languages. Runs in a thread that
 * it has to itself.
 */

import { AppError, check } from '../../core/errors.js';
import type { Seed } from '../../core/rng.js';
import type { AngleScore, Curriculum, Prompt } from '../../methods/curriculum/curriculum.js';
import { makeCurriculum } from '../../methods/curriculum/make-curriculum.js';
import { readCurriculumSettings, type CurriculumSettings } from '../../methods/curriculum/settings.js';
import * as pb from '../../proto/tengen/v1/curriculum.js';
import { meanFromWire, promptsFromWire, scoreFromWire, statusToWire } from '../../wire/curriculum.js';
import { seedFromWire } from '../../wire/whole-numbers.js';
import { decodeRequest, encodeAnswer, type ByteAnswer } from '../transport/carry-out.js';
import { openState, sealState } from './curriculum-state.js';

/** Largest pools, draws and states that are accepted. */
const MOST_PROMPTS = 262_144;
const MOST_DRAWN = 65_536;
const MOST_STATE = 67_108_864;

let stream: CurriculumStream | undefined;

/**
 * Takes the next message of the stream that this thread has.
 *
 * @param isFirst whether it begins another stream
 * @returns the answer, if the message has one
 */
export function take(message: Uint8Array, isFirst: boolean): ByteAnswer | undefined {
  if (isFirst) stream = undefined;
  const read = decodeRequest(pb.DrawRequest, message);
  if ('unreadable' in read) return read.unreadable;
  const { body } = read.request;
  check(body !== undefined, 'A request has no body');
  if (body.$case === 'open') {
    if (stream) throw new AppError('failed-precondition', 'The stream has its curriculum; open another stream');
    stream = new CurriculumStream(body.value);
    return undefined;
  }
  if (!stream) throw new AppError('failed-precondition', `The first message is '${body.$case}'; it must be 'open'`);
  if (body.$case === 'add') {
    stream.add(body.value);
    return undefined;
  }
  return encodeAnswer(pb.DrawResponse, { body: stream.answer(body) });
}

/** Forgets the stream. */
export function end(): void {
  stream = undefined;
}

type Question = Exclude<NonNullable<pb.DrawRequest['body']>, { $case: 'open' | 'add' }>;
type Answer = NonNullable<pb.DrawResponse['body']>;

/** One call: first the pool is read, then there is a curriculum over it. */
class CurriculumStream {
  readonly #settings: CurriculumSettings;
  readonly #open: pb.OpenCurriculum;
  readonly #pool: Prompt[] = [];
  /** Of the pool while it is read, and of a new order while that is. */
  #scores: AngleScore[] = [];
  readonly #prefix: readonly number[];
  #seed: Seed;
  #stateJson: string;
  #made: Curriculum | undefined;

  constructor(open: pb.OpenCurriculum) {
    this.#settings = readCurriculumSettings(open.settings);
    this.#open = open;
    this.#seed = seedFromWire(open.seed);
    this.#stateJson = open.stateJson;
    this.#prefix = open.prefix.length > 0 ? meanFromWire(open.prefix, 'open.prefix') : [];
  }

  add({ prompts, checkpoint, stateJson }: pb.AddPrompts): void {
    if (this.#made)
      throw new AppError('failed-precondition', 'The pool is complete; open another stream for another one');
    const first = this.#pool.length;
    const count = first + prompts.length;
    check(count <= MOST_PROMPTS, () => `The pool has ${count} prompts; it must have 1 to ${MOST_PROMPTS}`);
    this.#stateJson += stateJson;
    check(this.#stateJson.length <= MOST_STATE, () => `state_json has more than ${MOST_STATE} characters`);
    const { checkpoint: expected, anyCheckpoint } = this.#open;
    if (checkpoint !== '' && checkpoint !== expected && !anyCheckpoint) {
      throw new AppError(
        'failed-precondition',
        `The signals are of checkpoint '${checkpoint}', the curriculum is of '${expected}'; send signals of that one, or ` +
          'set any_checkpoint',
      );
    }
    promptsFromWire(prompts, first).forEach((prompt, i) => {
      const { signal } = prompts[i]!;
      const [length, where] = [prompt.length, `prompts[${first + i}].signal`];
      const score = signal && scoreFromWire(signal, { prefix: this.#prefix, length, where });
      if (score) this.#scores.push(score);
      this.#pool.push(prompt);
    });
  }

  answer(question: Question): Answer {
    const curriculum = this.#curriculum();
    switch (question.$case) {
      case 'draw':
        return { $case: 'drawn', value: this.#draw(curriculum, question.value.count) };
      case 'update':
        this.#update(curriculum, question.value);
        break;
      case 'rank':
        this.#rank(curriculum, question.value);
        break;
      case 'save': {
        const sealed = { seed: this.#seed, state: curriculum.state() };
        return { $case: 'saved', value: { stateJson: sealState(sealed, this.#pool) } };
      }
    }
    return { $case: 'status', value: statusToWire(curriculum.state(), curriculum.wantsScores) };
  }

  #draw(curriculum: Curriculum, count: number): pb.DrawnPrompts {
    check(count >= 1 && count <= MOST_DRAWN, () => `draw.count is ${count}; it must be from 1 to ${MOST_DRAWN}`);
    const indices = [...curriculum.draw(count)];
    return { indices, ids: indices.map((index) => this.#pool[index]!.id) };
  }

  #update(curriculum: Curriculum, { indices, passRates, signals, prefix }: pb.UpdateCurriculum): void {
    const [count, last] = [indices.length, this.#pool.length - 1];
    check(count <= MOST_DRAWN, () => `update has ${count} indices; it must have ${MOST_DRAWN} at most`);
    check(passRates.length === count, () => {
      return `update has ${passRates.length} pass_rates for ${count} indices; there must be one for each`;
    });
    const seen = new Set<number>();
    indices.forEach((index, i) => {
      check(index <= last, () => `indices[${i}] is ${index}; it must be from 0 to ${last}`);
      check(!seen.has(index), () => `indices[${i}] is ${index}, as one before it; a prompt has one pass rate`);
      seen.add(index);
      const rate = passRates[i]!;
      check(rate >= 0 && rate <= 1, () => `pass_rates[${i}] is ${rate}; it must be from 0 to 1`);
    });
    check(signals.length === 0 || signals.length === count, () => {
      return `update has ${signals.length} signals for ${count} indices; there must be one for each, or none`;
    });
    const angle = this.#readSignals(signals, indices, prefix);
    curriculum.update({ drawn: indices, passRates, ...(angle.length > 0 && { angle }) });
  }

  /** Takes a part of the pool's signals, and orders the pool when it has the last. */
  #rank(curriculum: Curriculum, { signals, prefix }: pb.RankPrompts): void {
    const [from, size] = [this.#scores.length, this.#pool.length];
    check(signals.length >= 1 && from + signals.length <= size, () => {
      return `rank has ${signals.length} signals after ${from}; the pool has ${size} prompts`;
    });
    const indices = signals.map((_, i) => from + i);
    for (const score of this.#readSignals(signals, indices, prefix)) this.#scores.push(score);
    if (this.#scores.length < size) return;
    curriculum.reorder(this.#scores);
    this.#scores = [];
  }

  #readSignals(
    signals: readonly pb.PromptSignal[],
    indices: readonly number[],
    prefix: readonly number[],
  ): AngleScore[] {
    const given = prefix.length > 0 ? meanFromWire(prefix, 'prefix') : this.#prefix;
    return signals.map((signal, i) => {
      const [{ length }, where] = [this.#pool[indices[i]!]!, `signals[${i}]`];
      const score = scoreFromWire(signal, { prefix: given, length, where });
      check(score !== undefined, () => `${where} is empty; it must have angle or direction`);
      return score;
    });
  }

  /** The curriculum, made when it is first asked for. */
  #curriculum(): Curriculum {
    if (this.#made) return this.#made;
    const scores = this.#scores;
    const sealed = this.#stateJson === '' ? undefined : openState(this.#stateJson, this.#pool);
    this.#seed = sealed?.seed ?? this.#seed;
    this.#made = makeCurriculum(this.#settings, this.#pool, {
      seed: this.#seed,
      ...(scores.length > 0 && { scores }),
      ...(sealed && { state: sealed.state }),
    });
    this.#scores = [];
    this.#stateJson = '';
    return this.#made;
  }
}
