/**
 * What a search thinks, as the `info …` line that GUIs read. Sabaki's reader sets the form: one line a report, key and
 * value in pairs, the principal variation last in every segment, and moves without one dropped.
 */

import { formatVertex } from '../../src/go/vertex.js';
import type { AnalysisRequest, AnalysisStyle } from './analysis-arguments.js';

/** One move that the search looked at; all numbers from the point of view of the side to move at the root. */
export interface Candidate {
  readonly action: number;
  readonly visits: number;
  /** Expected result in [-1, 1], and the lower bound of the search's confidence in it. */
  readonly value: number;
  readonly lowerBound: number;
  /** What the search maximises, points counted in, and its lower bound; the same as the value if they are not. */
  readonly utility: number;
  readonly utilityLowerBound: number;
  /** What speaks for playing it, in visits; candidates are in its order. */
  readonly weight: number;
  /** The candidate that was searched for this one too, as a symmetry of the position exchanges them. */
  readonly isSymmetryOf?: number;
  /** Points, komi included; their standard deviation, NaN if the network does not say; and the lead, komi included. */
  readonly score: number;
  readonly scoreStdev: number;
  readonly lead: number;
  /** Probability that the network alone gave the move. */
  readonly prior: number;
  /** The principal variation, this move first, and the visits along it. */
  readonly line: readonly number[];
  readonly lineVisits: readonly number[];
  /** Expected ownership after the move [size²]; empty if nothing was evaluated below it. */
  readonly ownership: Float32Array;
}

/** A search's opinion of the position at its root, for the side to move there. */
export interface Opinion {
  readonly size: number;
  readonly visits: number;
  readonly value: number;
  /** What the network alone thinks of the root, in [-1, 1]. */
  readonly rawValue: number;
  readonly utility: number;
  /** As in a candidate, over the whole tree. */
  readonly score: number;
  readonly scoreStdev: number;
  readonly lead: number;
  /** The best first. */
  readonly candidates: readonly Candidate[];
  /** Expected ownership [size²], row by row from the top-left. */
  readonly ownership: Float32Array;
}

/** The whole line of one report; undefined if there is nothing to say yet. */
export function formatReport(opinion: Opinion, request: AnalysisRequest, style: AnalysisStyle): string | undefined {
  const chosen = opinion.candidates
    .filter((candidate, order) => candidate.visits > 0 || order < request.minMoves)
    .slice(0, request.maxMoves);
  if (chosen.length === 0) return undefined;
  const segments = chosen.map((candidate, order) => formatCandidate(candidate, order, opinion.size, request, style));
  if (request.rootInfo) segments.push(formatRoot(opinion));
  if (request.ownership) segments.push(`ownership ${formatOwnership(opinion.ownership)}`);
  return segments.join(' ');
}

function formatCandidate(
  candidate: Candidate,
  order: number,
  size: number,
  request: AnalysisRequest,
  style: AnalysisStyle,
): string {
  const { action, visits, isSymmetryOf, line, lineVisits } = candidate;
  const words = ['info', 'move', formatVertex(action, size), 'visits', String(visits)];
  const winrate = toWinrate(candidate.value);
  const lowerWinrate = Math.min(winrate, toWinrate(candidate.lowerBound));
  if (style === 'kata') {
    words.push('edgeVisits', String(visits), ...pair('utility', candidate.utility), ...pair('winrate', winrate));
    words.push(...pointWords(candidate), ...pair('prior', candidate.prior), ...pair('lcb', lowerWinrate));
    words.push(...pair('utilityLcb', candidate.utilityLowerBound), ...pair('weight', visits), 'order', String(order));
    if (isSymmetryOf !== undefined) words.push('isSymmetryOf', formatVertex(isSymmetryOf, size));
  } else {
    words.push('winrate', tenThousandths(winrate));
    if (style === 'sabaki') words.push(...pair('scoreLead', candidate.lead));
    words.push('prior', tenThousandths(candidate.prior), 'lcb', tenThousandths(lowerWinrate), 'order', String(order));
  }
  words.push('pv', ...line.map((move) => formatVertex(move, size)));
  if (request.pvVisits) words.push('pvVisits', ...lineVisits.map(String));
  if (request.pvEdgeVisits) words.push('pvEdgeVisits', ...lineVisits.map(String));
  if (request.movesOwnership) words.push('movesOwnership', formatOwnership(candidate.ownership));
  return words.join(' ');
}

function formatRoot(opinion: Opinion): string {
  const words = ['rootInfo', 'visits', String(opinion.visits), ...pair('utility', opinion.utility)];
  words.push(...pair('winrate', toWinrate(opinion.value)), ...pointWords(opinion), ...pair('weight', opinion.visits));
  return words.join(' ');
}

/** KataGo calls the lead by both names, for programs older than the distinction. */
function pointWords({ lead, score, scoreStdev }: Pick<Opinion, 'lead' | 'score' | 'scoreStdev'>): readonly string[] {
  const stdev = pair('scoreStdev', scoreStdev);
  return [...pair('scoreMean', lead), ...stdev, ...pair('scoreLead', lead), ...pair('scoreSelfplay', score)];
}

/** A key and its value; nothing where the value is not known. */
function pair(key: string, value: number): readonly string[] {
  return Number.isNaN(value) ? [] : [key, decimal(value)];
}

function formatOwnership(ownership: Float32Array): string {
  return Array.from(ownership, (value) => value.toFixed(3)).join(' ');
}

/** The chance to win that a value in [-1, 1] stands for; a draw counts half. */
export function toWinrate(value: number): number {
  return Math.min(1, Math.max(0, (value + 1) / 2));
}

function tenThousandths(value: number): string {
  return String(Math.round(Math.min(1, Math.max(0, value)) * 10_000));
}

/** Always with a point: some GUIs tell floats from integers by it. */
function decimal(value: number): string {
  return value.toFixed(6);
}
