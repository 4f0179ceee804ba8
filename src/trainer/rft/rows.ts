/**
 * Groups as the rows of a training step: a row is a prompt and as many of its completions as fit, so that the prompt is
 * computed once for them. Rows of like lengths form rectangles of few different shapes, each a compiled graph.
 */

import type { NamedTensors } from '../../engine/engine.js';
import { PROMPT_SEGMENT, type RowShape } from '../../nn/networks/transformer/rows.js';

/** A completion to learn from. */
export interface WeightedCompletion {
  readonly tokens: readonly number[];
  /** Of each token when it was drawn. */
  readonly logProbabilities: readonly number[];
  readonly advantage: number;
  /** Weight of each of its tokens in the loss. */
  readonly weight: number;
}

/** A prompt with its completions. */
export interface WeightedGroup {
  /** At least one token. */
  readonly prompt: readonly number[];
  readonly completions: readonly WeightedCompletion[];
}

/** The columns of a row; every list has an entry for each of its tokens. */
interface Row {
  readonly tokens: number[];
  readonly positions: number[];
  readonly segments: number[];
  readonly targets: number[];
  readonly weights: number[];
  readonly counted: number[];
  readonly advantages: number[];
  readonly oldLogProbabilities: number[];
}

/** Rows of one shape with the inputs of the policy model's loss on them, but for those of a reference. */
export interface Rectangle {
  readonly shape: RowShape;
  readonly inputs: NamedTensors;
}

/** Tokens that a row is filled up to, and that a rectangle has at most; a longer pair has a row of its own. */
const ROW_TOKENS = 160;
const RECTANGLE_TOKENS = 2048;
/** A row that would fill less of a rectangle begins another. */
const LEAST_FILLED = 0.6;
/** Lengths of rows are rounded up to a multiple of it. */
const LENGTH_STEP = 16;

/** Lays groups out; a function of the groups alone. */
export function rectanglesOf(groups: readonly WeightedGroup[]): Rectangle[] {
  const rows = groups.flatMap(rowsOf).sort((a, b) => b.tokens.length - a.tokens.length);
  const rectangles: Rectangle[] = [];
  for (let start = 0; start < rows.length;) {
    const length = Math.ceil(rows[start]!.tokens.length / LENGTH_STEP) * LENGTH_STEP;
    const alike = rows.slice(start).findIndex(({ tokens }) => tokens.length < LEAST_FILLED * length);
    const left = alike < 0 ? rows.length - start : Math.max(1, alike);
    const most = Math.min(left, Math.max(1, Math.floor(RECTANGLE_TOKENS / length)));
    // Powers of two: few shapes, and no rows of padding.
    const count = 2 ** Math.floor(Math.log2(most));
    rectangles.push(rectangleOf(rows.slice(start, start + count), length));
    start += count;
  }
  return rectangles;
}

/**
 * The prompt without its last token, then every completion behind a copy of that token, from which its first one is
 * predicted: what a completion predicts then stands in its own segment.
 */
function rowsOf({ prompt, completions }: WeightedGroup): Row[] {
  const rows: Row[] = [];
  let segment = 0;
  for (const { tokens, logProbabilities, advantage, weight } of completions) {
    let row = rows.at(-1);
    if (!row || row.tokens.length + tokens.length > ROW_TOKENS) {
      row = promptRow(prompt);
      rows.push(row);
      segment = 0;
    }
    segment++;
    for (const [i, target] of tokens.entries()) {
      row.tokens.push(i === 0 ? prompt.at(-1)! : tokens[i - 1]!);
      row.positions.push(prompt.length - 1 + i);
      row.segments.push(segment);
      row.targets.push(target);
      row.weights.push(weight);
      row.counted.push(1);
      row.advantages.push(advantage);
      row.oldLogProbabilities.push(logProbabilities[i]!);
    }
  }
  return rows;
}

function promptRow(prompt: readonly number[]): Row {
  const tokens = prompt.slice(0, -1);
  const zeros = (): number[] => tokens.map(() => 0);
  return {
    tokens,
    positions: tokens.map((_, i) => i),
    segments: tokens.map(() => PROMPT_SEGMENT),
    targets: zeros(),
    weights: zeros(),
    counted: zeros(),
    advantages: zeros(),
    oldLogProbabilities: zeros(),
  };
}

function rectangleOf(rows: readonly Row[], length: number): Rectangle {
  const count = rows.length * length;
  const columnOf = (name: keyof Row, padding: number): Float32Array => {
    const data = new Float32Array(count).fill(padding);
    rows.forEach((row, i) => data.set(row[name], i * length));
    return data;
  };
  const padding = { positions: 0, segments: -1, targets: 0, weights: 0, counted: 0, advantages: 0 };
  const columns = Object.entries({ ...padding, oldLogProbabilities: 0 }).map(
    ([name, value]) => [name, { shape: [count, 1], data: columnOf(name as keyof Row, value) }] as const,
  );
  const tokens = BigInt64Array.from(columnOf('tokens', 0), BigInt);
  return {
    shape: { rows: rows.length, length },
    inputs: { ...Object.fromEntries(columns), tokens: { shape: [count], data: tokens } },
  };
}
