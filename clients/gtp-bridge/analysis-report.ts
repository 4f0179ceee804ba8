/**
 * What a search thinks, as the `info …` line that GUIs read. Sabaki's reader sets the form: one line a report, key and
 * value in pairs, the principal variation last in every segment, and moves without one dropped.
 */

import { formatVertex } from '../../src/go/vertex.js';
import { toWinrate, type Candidate, type Opinion } from '../../src/player/opinion.js';
import type { AnalysisRequest, AnalysisStyle } from './analysis-arguments.js';

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

function tenThousandths(value: number): string {
  return String(Math.round(Math.min(1, Math.max(0, value)) * 10_000));
}

/** Always with a point: some GUIs tell floats from integers by it. */
function decimal(value: number): string {
  return value.toFixed(6);
}
