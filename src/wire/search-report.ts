/** What a search thinks ↔ messages, so that a search on the server reads like a search of one's own. */

import { toWinrate, type Candidate, type Opinion } from '../player/opinion.js';
import type * as pb from '../proto/tengen/v1/search.js';

/** What a report holds beside the opinion itself. */
export type ReportParts = Pick<
  pb.SearchReport,
  'isFinal' | 'modelVersion' | 'precision' | 'toMove' | 'network' | 'chosen' | 'trouble' | 'grantedVisits'
>;

/** Which parts of an opinion a report holds. */
export type ReportWishes = Pick<pb.StartSearch, 'ownership' | 'movesOwnership' | 'unvisited'>;

export function reportToWire(opinion: Opinion, wishes: ReportWishes, parts: ReportParts): pb.SearchReport {
  const { candidates, visits, value, rawValue, utility, score, scoreStdev, lead } = opinion;
  const shown = wishes.unvisited ? candidates : candidates.filter((candidate) => candidate.visits > 0);
  return {
    ...parts,
    visits,
    winRate: toWinrate(value),
    networkWinRate: toWinrate(rawValue),
    utility,
    score,
    scoreStdev,
    lead,
    candidates: shown.map((candidate) => candidateToWire(candidate, wishes.movesOwnership)),
    ownership: wishes.ownership ? [...opinion.ownership] : [],
  };
}

/** @param size points on a side of the board that was searched */
export function opinionFromWire(report: pb.SearchReport, size: number): Opinion {
  const { visits, winRate, networkWinRate, utility, score, scoreStdev, lead, grantedVisits } = report;
  return {
    size,
    visits,
    value: toValue(winRate),
    rawValue: toValue(networkWinRate),
    utility,
    score,
    scoreStdev,
    lead,
    ...(grantedVisits > 0 && { mostVisits: grantedVisits }),
    candidates: report.candidates.map(candidateFromWire),
    ownership: Float32Array.from(report.ownership),
  };
}

function candidateToWire(candidate: Candidate, ownership: boolean): pb.SearchCandidate {
  const { action, visits, value, lowerBound, utility, utilityLowerBound, weight, score, scoreStdev } = candidate;
  return {
    move: action,
    visits,
    winRate: toWinrate(value),
    lcb: toWinrate(lowerBound),
    utility,
    utilityLcb: utilityLowerBound,
    weight,
    score,
    scoreStdev,
    lead: candidate.lead,
    prior: candidate.prior,
    line: [...candidate.line],
    lineVisits: [...candidate.lineVisits],
    isSymmetryOf: candidate.isSymmetryOf ?? action,
    ownership: ownership ? [...candidate.ownership] : [],
  };
}

function candidateFromWire(candidate: pb.SearchCandidate): Candidate {
  const { move, visits, winRate, lcb, utility, utilityLcb, weight, score, scoreStdev, isSymmetryOf } = candidate;
  return {
    action: move,
    visits,
    value: toValue(winRate),
    lowerBound: toValue(lcb),
    utility,
    utilityLowerBound: utilityLcb,
    weight,
    score,
    scoreStdev,
    lead: candidate.lead,
    prior: candidate.prior,
    line: candidate.line,
    lineVisits: candidate.lineVisits,
    ...(isSymmetryOf !== move && { isSymmetryOf }),
    ownership: Float32Array.from(candidate.ownership),
  };
}

/** The value in [-1, 1] that a chance to win stands for. */
function toValue(winRate: number): number {
  return 2 * winRate - 1;
}
