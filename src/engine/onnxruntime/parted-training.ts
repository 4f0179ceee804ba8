/**
 * Training whose step is cut into parts (src/nn/parts.ts): every part of a batch is small enough for the processor's
 * caches, and threads compute several at once. The shares are added up in the order of the parts, so the result does not
 * depend on the number of threads.
 */

import { AppError, assert } from '../../core/errors.js';
import type { PartedStep } from '../../nn/parts.js';
import { type TensorData, type TensorType, sizeOf } from '../../nn/types.js';
import { type NamedTensors, type StepSignature, type Training, checkTensors, stepSignature } from '../engine.js';
import type { Session } from './session.js';
import { OnnxTraining } from './training.js';

/** Computes the shares of parts, one at a time. */
export interface PartRunner {
  /** The outputs are only valid until the next run. */
  run(inputs: NamedTensors): Promise<NamedTensors>;
  release(): Promise<void>;
}

type Floats = TensorData & { readonly data: Float32Array };

/** Owns the runners, the session of the whole and the state. */
export class PartedTraining implements Training {
  readonly #runners: readonly PartRunner[];
  readonly #update: OnnxTraining;
  readonly #signature: StepSignature;
  /** The inputs of a part that come from the batch; their first dimension counts positions. */
  readonly #cut: ReadonlyMap<string, TensorType>;
  /** The state that a part reads, where runners see it: shared between threads if there are several. */
  readonly #parameters: ReadonlyMap<string, Floats>;
  readonly #totals: Readonly<Record<string, Floats>>;
  /** The batch, every input of a part in memory of its own: how memory is aligned can change the last digit of a sum. */
  #parts: readonly ReadonlyMap<string, Floats>[] = [];

  constructor(
    runners: readonly PartRunner[],
    session: Session,
    { part, whole, totals }: PartedStep,
    state: NamedTensors,
  ) {
    const signature = stepSignature(whole);
    this.#runners = runners;
    const inputs = [...part.inputs];
    this.#cut = new Map(inputs.filter(([name]) => !signature.state.has(name)));
    this.#parameters = new Map(
      inputs.filter(([name]) => signature.state.has(name)).map(([name, type]) => [name, this.#floats(type.shape)]),
    );
    this.#totals = Object.fromEntries(
      [...totals].map(([name, { shape }]) => [name, { shape, data: new Float32Array(sizeOf(shape)) }]),
    );
    const once = [...signature.batch].filter(([name]) => !totals.has(name));
    this.#signature = { ...signature, batch: new Map([...once, ...this.#cut]) };
    this.#update = new OnnxTraining(session, signature, state);
  }

  async step(batch: NamedTensors): Promise<Record<string, number>> {
    const parts = this.#load(batch);
    await this.#addShares(parts);
    const once = Object.entries(batch).filter(([name]) => !this.#cut.has(name));
    return await this.#update.step({ ...this.#totals, ...Object.fromEntries(once) });
  }

  exportState(): Promise<NamedTensors> {
    return this.#update.exportState();
  }

  importState(state: NamedTensors): Promise<void> {
    return this.#update.importState(state);
  }

  async release(): Promise<void> {
    await this.#update.release();
    for (const runner of this.#runners) await runner.release();
  }

  /** Checks the batch and copies it to where runners see it; returns the inputs of every part. */
  #load(batch: NamedTensors): NamedTensors[] {
    const [[name, type]] = [...this.#cut] as [[string, TensorType]];
    const size = type.shape[0]!;
    const count = batch[name]?.shape[0] ?? size;
    const sized = [...this.#signature.batch].map(([key, { shape, dtype }]): [string, TensorType] => [
      key,
      { shape: this.#cut.has(key) ? [count, ...shape.slice(1)] : shape, dtype },
    ]);
    checkTensors(new Map(sized), batch, 'batch input');
    const parts = Math.ceil(count / size);
    if (this.#parts.length !== parts) this.#parts = Array.from({ length: parts }, () => this.#emptyPart());
    this.#parts.forEach((part, index) => {
      for (const [key, { data }] of part) {
        const given = batch[key]!.data;
        assert(given instanceof Float32Array, `the batch input '${key}' holds floats`);
        const slice = given.subarray(index * data.length, (index + 1) * data.length);
        data.set(slice);
        data.fill(0, slice.length);
      }
    });
    for (const [key, { data }] of this.#parameters) data.set(this.#update.state[key]!.data as Float32Array);
    return this.#parts.map((part) => Object.fromEntries([...this.#parameters, ...part]));
  }

  #emptyPart(): Map<string, Floats> {
    return new Map([...this.#cut].map(([name, { shape }]) => [name, this.#floats(shape)]));
  }

  /** Runs all parts and adds up their shares in order; fails only once no runner computes any more. */
  async #addShares(parts: readonly NamedTensors[]): Promise<void> {
    for (const { data } of Object.values(this.#totals)) data.fill(0);
    const waiting = new Map<number, NamedTensors>();
    let [begun, added] = [0, 0];
    const work = async (runner: PartRunner): Promise<void> => {
      while (begun < parts.length) {
        const index = begun++;
        waiting.set(index, await runner.run(parts[index]!));
        for (let shares = waiting.get(added); shares !== undefined; shares = waiting.get(added)) {
          waiting.delete(added++);
          for (const [name, { data }] of Object.entries(this.#totals)) addTo(data, shares[name]!.data as Float32Array);
        }
      }
    };
    const outcomes = await Promise.allSettled(this.#runners.map(work));
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw AppError.from(outcome.reason);
  }

  #floats(shape: readonly number[]): Floats {
    const bytes = 4 * sizeOf(shape);
    const memory = this.#runners.length > 1 ? new SharedArrayBuffer(bytes) : new ArrayBuffer(bytes);
    return { shape, data: new Float32Array(memory) };
  }
}

/** A runner in the calling thread, which it blocks; its outputs are always the same arrays. */
export function sessionRunner(session: Session, { totals }: PartedStep): PartRunner {
  const outputs = [...totals].map(([name, { shape }]) => [name, { shape, data: new Float32Array(sizeOf(shape)) }]);
  const wanted = Object.fromEntries(outputs) as Record<string, TensorData>;
  return { run: (inputs) => session.run(inputs, wanted), release: () => session.release() };
}

function addTo(sum: Float32Array, share: Float32Array): void {
  for (let i = 0; i < sum.length; i++) sum[i] = sum[i]! + share[i]!;
}
