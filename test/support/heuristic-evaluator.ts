/**
 * A network made by hand: the same answer for the same position, and good enough to finish a game. It likes the centre,
 * captures and liberties, never fills its own eyes, and takes whoever has more area now for the winner.
 */

import { type CancelSignal, throwIfAborted } from '../../src/core/signals.js';
import { BLACK, opponent } from '../../src/go/color.js';
import type { GoEvaluation } from '../../src/go/evaluation.js';
import type { Position } from '../../src/go/position.js';
import type { Snapshot } from '../../src/go/snapshot.js';
import type { Evaluator } from '../../src/search/evaluator.js';

/** Evaluates one position. */
export function heuristicEvaluation(snapshot: Snapshot): GoEvaluation {
  const { size, stones, toMove, rules } = snapshot;
  const points = size * size;
  const ownership = new Float32Array(points);
  const logits = new Float32Array(points + 1);
  const centre = (size - 1) / 2;
  let area = 0;
  for (let point = 0; point < points; point++) {
    const owner = ownerOf(stones, point, size);
    ownership[point] = owner === 0 ? 0 : owner === toMove ? 0.9 : -0.9;
    area += owner === 0 ? 0 : owner === BLACK ? 1 : -1;
    const row = Math.floor(point / size);
    const column = point % size;
    const around = neighbours(point, size).map((next) => stones[next]);
    const isEye = around.every((stone) => stone === toMove);
    const isHisEye = around.every((stone) => stone === opponent(toMove));
    const contact = around.filter((stone) => stone === opponent(toMove)).length;
    logits[point] = isEye || isHisEye ? -8 : contact * 0.4 - 0.1 * (Math.abs(row - centre) + Math.abs(column - centre));
  }
  const open = ownership.some((value) => value === 0);
  logits[points] = open ? -6 : 1;
  const score = (toMove === BLACK ? 1 : -1) * (area - rules.komi);
  const value = Math.tanh(score / size);
  return { logits, win: (1 + value) / 2, draw: 0, loss: (1 - value) / 2, value, score, ownership };
}

/** An evaluator in this process; counts what it was asked. */
export class HeuristicEvaluator implements Evaluator<Position, GoEvaluation> {
  asked = 0;

  evaluate(
    positions: readonly Position[],
    options: { readonly signal?: CancelSignal } = {},
  ): Promise<readonly GoEvaluation[]> {
    throwIfAborted(options.signal);
    this.asked += positions.length;
    // Real evaluators never answer within the same turn of the event loop either.
    return new Promise((resolve) =>
      setImmediate(() => resolve(positions.map((position) => heuristicEvaluation(position.snapshot())))),
    );
  }
}

/** The color of a stone, or of all stones around an empty point; 0 if there are none or both. */
function ownerOf(stones: Uint8Array, point: number, size: number): number {
  if (stones[point] !== 0) return stones[point]!;
  const around = new Set(neighbours(point, size).map((next) => stones[next]!));
  around.delete(0);
  return around.size === 1 ? [...around][0]! : 0;
}

function neighbours(point: number, size: number): number[] {
  const column = point % size;
  return [
    ...(column > 0 ? [point - 1] : []),
    ...(column < size - 1 ? [point + 1] : []),
    ...(point >= size ? [point - size] : []),
    ...(point < size * (size - 1) ? [point + size] : []),
  ];
}
