/** What a search thinks of a position, as the JSON object that KataGo answers with. */

import { BLACK } from '../../src/go/color.js';
import type { GoEvaluation } from '../../src/go/evaluation.js';
import type { Position } from '../../src/go/position.js';
import { formatVertex } from '../../src/go/vertex.js';
import { legalPolicy } from '../../src/player/legal-policy.js';
import type { Candidate, Opinion } from '../../src/player/opinion.js';
import { positionHashes } from './position-hash.js';
import type { AnalysisQuery } from './query.js';

/** One answer; a value that is not a number is left out. */
export type Answer = Readonly<Record<string, unknown>>;

/** What an answer is made of. */
export interface ReportInput {
  readonly query: AnalysisQuery;
  readonly turn: number;
  /** The position that was searched. */
  readonly root: Position;
  readonly opinion: Opinion;
  /** What the network alone thinks of it. */
  readonly evaluation: GoEvaluation | undefined;
  readonly isDuringSearch: boolean;
}

/** The answer for one turn of a query. */
export function formatAnswer(input: ReportInput): Answer {
  const { query, turn, root, opinion, evaluation, isDuringSearch } = input;
  const sign = signOf(query, root);
  const moves = opinion.candidates.filter(({ visits }) => visits > 0);
  return {
    id: query.id,
    isDuringSearch,
    turnNumber: turn,
    moveInfos: moves.map((candidate, order) => moveInfo(candidate, order, query, sign)),
    rootInfo: rootInfo(root, opinion, evaluation, sign),
    ...(query.includeOwnership ? { ownership: ownershipOf(opinion.ownership, sign) } : {}),
    ...(query.includePolicy && evaluation ? { policy: policyOf(root, evaluation) } : {}),
  };
}

/** The answer for a position that was given up before anything was known of it. */
export function noResults(id: string, turn: number): Answer {
  return { id, isDuringSearch: false, noResults: true, turnNumber: turn };
}

/** 1 where the numbers take the side to move, −1 where they take the other. */
function signOf({ perspective }: AnalysisQuery, root: Position): number {
  if (perspective === 'sidetomove') return 1;
  return (perspective === 'black') === (root.toMove === BLACK) ? 1 : -1;
}

function moveInfo(candidate: Candidate, order: number, query: AnalysisQuery, sign: number): Answer {
  const { visits, line, lineVisits, isSymmetryOf } = candidate;
  const length = query.pvLength + 1;
  const values = numbers({
    winrate: toWinrate(sign * candidate.value),
    lcb: toWinrate(sign * candidate.lowerBound),
    utility: sign * candidate.utility,
    utilityLcb: sign * candidate.utilityLowerBound,
    // KataGo calls the lead by both names, for programs older than the distinction.
    scoreLead: sign * candidate.lead,
    scoreMean: sign * candidate.lead,
    scoreSelfplay: sign * candidate.score,
    scoreStdev: candidate.scoreStdev,
    prior: candidate.prior,
    weight: visits,
    edgeWeight: visits,
    playSelectionValue: candidate.weight,
  });
  const shownVisits = lineVisits.slice(0, length);
  return {
    move: formatVertex(candidate.action, query.size),
    order,
    visits,
    edgeVisits: visits,
    ...values,
    ...(isSymmetryOf === undefined ? {} : { isSymmetryOf: formatVertex(isSymmetryOf, query.size) }),
    pv: line.slice(0, length).map((action) => formatVertex(action, query.size)),
    ...(query.includePVVisits ? { pvVisits: shownVisits, pvEdgeVisits: shownVisits } : {}),
    ...(query.includeMovesOwnership ? { ownership: ownershipOf(candidate.ownership, sign) } : {}),
  };
}

function rootInfo(root: Position, opinion: Opinion, evaluation: GoEvaluation | undefined, sign: number): Answer {
  return {
    currentPlayer: root.toMove === BLACK ? 'B' : 'W',
    ...positionHashes(root.snapshot()),
    visits: opinion.visits,
    ...numbers({
      winrate: toWinrate(sign * opinion.value),
      utility: sign * opinion.utility,
      scoreLead: sign * opinion.lead,
      scoreSelfplay: sign * opinion.score,
      scoreStdev: opinion.scoreStdev,
      weight: opinion.visits,
      ...(evaluation ? rawNumbers(evaluation, sign) : {}),
    }),
  };
}

function rawNumbers(evaluation: GoEvaluation, sign: number): Record<string, number> {
  const { value, score, draw, lead = score, scoreStdev = NaN } = evaluation;
  return {
    rawWinrate: toWinrate(sign * value),
    rawLead: sign * lead,
    rawScoreSelfplay: sign * score,
    rawScoreSelfplayStdev: scoreStdev,
    rawNoResultProb: draw,
  };
}

/** [size² + 1], −1 where a move is illegal. */
function policyOf(root: Position, { logits }: GoEvaluation): number[] {
  return Array.from(legalPolicy(root, logits), (share) => (Number.isNaN(share) ? -1 : rounded(share)));
}

function ownershipOf(ownership: Float32Array, sign: number): number[] {
  return Array.from(ownership, (value) => rounded(sign * value) + 0);
}

/** Not clamped to the bounds that KataGo does not keep either. */
function toWinrate(value: number): number {
  return (1 + value) / 2;
}

function numbers(values: Record<string, number>): Record<string, number> {
  const kept = Object.entries(values).filter(([, value]) => Number.isFinite(value));
  return Object.fromEntries(kept.map(([key, value]) => [key, rounded(value)]));
}

/** Eight digits, as KataGo writes them. */
function rounded(value: number): number {
  return Number(value.toPrecision(8));
}
