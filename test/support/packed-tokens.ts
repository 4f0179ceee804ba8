import type { NamedTensors } from '../../src/engine/engine.js';

/** Whole numbers as a column of floats. */
export function column(values: readonly number[]): { shape: number[]; data: Float32Array } {
  return { shape: [values.length, 1], data: Float32Array.from(values) };
}

/** Sequences one after another, as the inputs `tokens`, `positions` and `segments`. */
export function packTokens(sequences: readonly (readonly number[])[]): NamedTensors {
  const tokens = sequences.flat();
  return {
    tokens: { shape: [tokens.length], data: BigInt64Array.from(tokens, BigInt) },
    positions: column(sequences.flatMap((sequence) => sequence.map((_, i) => i))),
    segments: column(sequences.flatMap((sequence, i) => sequence.map(() => i))),
  };
}

/** What is to be predicted after each token: `targets` and `weights`, 0 after the last one of a sequence. */
export function packTargets(sequences: readonly (readonly number[])[]): NamedTensors {
  return {
    targets: column(sequences.flatMap((sequence) => [...sequence.slice(1), 0])),
    weights: column(sequences.flatMap((sequence) => sequence.map((_, i) => Number(i < sequence.length - 1)))),
    normaliser: scalar(sequences.reduce((sum, { length }) => sum + length - 1, 0)),
  };
}

/** A number as a tensor. */
export function scalar(value: number): { shape: number[]; data: Float32Array } {
  return { shape: [], data: Float32Array.of(value) };
}
