/** What the thinker's search tree keeps beside values, and how an opinion is read from the tree. */

import type { GoEvaluation } from '../go/evaluation.js';
import type { SymmetricActions } from '../go/position-symmetries.js';
import { symmetryMap } from '../go/symmetry.js';
import type { Auxiliary } from '../search/options.js';
import type { MoveStatistics, RootStatistics } from '../search/statistics.js';
import type { Candidate, Opinion } from './opinion.js';
import type { SearchPosition } from './search-position.js';

/** Auxiliary values without ownership: the score's second moment, as `ScoreUtility` wants it, the score, the lead. */
const scoreSize = 3;

/** Numbers that a node keeps. @param size of the board */
export function auxiliarySizeOf(size: number, ownership: boolean): number {
  return scoreSize + (ownership ? size * size : 0);
}

/** Whether a tree with such nodes has room for ownership. */
export function hasOwnership(auxiliarySize: number): boolean {
  return auxiliarySize > scoreSize;
}

/** Reads scores, then ownership where the tree has room for it; all from the mover's view. */
export function auxiliaryOf(auxiliarySize: number): Auxiliary<SearchPosition, GoEvaluation> {
  const points = auxiliarySize - scoreSize;
  const area = new Int8Array(points);
  return {
    size: auxiliarySize,
    evenSize: 1,
    read: ({ score, scoreStdev, lead, ownership }, out, offset) => {
      out[offset] = scoreStdev === undefined ? NaN : scoreStdev * scoreStdev + score * score;
      out[offset + 1] = score;
      out[offset + 2] = lead ?? score;
      for (let point = 0; point < points; point++) out[offset + scoreSize + point] = ownership?.[point] ?? 0;
    },
    readTerminal: ({ position }, out, offset) => {
      const sign = position.toMove === 1 ? 1 : -1;
      const score = sign * position.score();
      out[offset] = score * score;
      out[offset + 1] = score;
      out[offset + 2] = score;
      if (points === 0) return;
      position.areaInto(area);
      for (let point = 0; point < points; point++) out[offset + scoreSize + point] = sign * area[point]!;
    },
  };
}

/** @param symmetric if the root was searched without moves that are symmetric to others: they are added here */
export function opinionOf(statistics: RootStatistics, size: number, symmetric?: SymmetricActions): Opinion {
  const { visits, value, rawValue, utility, auxiliary, moves } = statistics;
  const candidates = moves
    .filter(({ action }) => !symmetric || symmetric.representative[action] === action)
    .flatMap((move) => withImages(candidateOf(move, auxiliary), size, symmetric));
  return { size, visits, value, rawValue, utility, ...scoresOf(auxiliary), candidates };
}

function candidateOf(move: MoveStatistics, rootAuxiliary: Float64Array): Candidate {
  const { action, visits, value, utility, weight, prior } = move;
  return {
    action,
    visits,
    value,
    lowerBound: move.lcb,
    utility,
    utilityLowerBound: move.utilityLcb,
    weight,
    ...scoresOf(visits > 0 ? move.auxiliary : rootAuxiliary),
    prior,
    line: move.pv,
    lineVisits: move.pvVisits,
    ownership: Float32Array.from(move.auxiliary.subarray(scoreSize)),
  };
}

function scoresOf(auxiliary: Float64Array): Pick<Opinion, 'score' | 'scoreStdev' | 'lead' | 'ownership'> {
  const [moment = NaN, score = 0, lead = 0] = auxiliary;
  return {
    score,
    scoreStdev: Math.sqrt(Math.max(0, moment - score * score)),
    lead,
    ownership: Float32Array.from(auxiliary.subarray(scoreSize)),
  };
}

/** The candidate, and after it those that it was searched for. */
function withImages(candidate: Candidate, size: number, symmetric: SymmetricActions | undefined): Candidate[] {
  if (!symmetric || candidate.visits === 0) return [candidate];
  const images: Candidate[] = [];
  symmetric.representative.forEach((representative, action) => {
    if (representative !== candidate.action || action === representative) return;
    const map = symmetryMap(size, symmetric.symmetry[action]!);
    const ownership = new Float32Array(candidate.ownership.length);
    candidate.ownership.forEach((owner, point) => (ownership[map[point]!] = owner));
    const line = candidate.line.map((move) => map[move]!);
    images.push({ ...candidate, action, line, ownership, isSymmetryOf: representative });
  });
  return [candidate, ...images];
}
