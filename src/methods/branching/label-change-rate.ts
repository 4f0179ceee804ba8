/**
 * The Label Change Rate (LCR) of a position: the chance that two games played from it end with different winners
 * (Cheng, Tsai, Hong, Kandemir, "Uncertainty-Guided Exploration for Efficient AlphaZero Training", NeurIPS 2025).
 * It needs no network and no search of its own: for win rate w it is 2w(1 − w), and the search value is an estimate of w.
 *
 * Win rates and results are the first player's: 1 won, 0.5 drawn, 0 lost. The LCR is the same from either side.
 */

import type { LcrEstimator } from './settings.js';

/** Win rates are kept this far from 0 and 1 where they shape a Beta distribution, which must be proper. */
const MARGIN = 1e-3;

/** Equation 2: LCR = 2w(1 − w), in [0, 0.5]. */
export function labelChangeRate(winRate: number): number {
  return 2 * winRate * (1 - winRate);
}

/**
 * Equation 3, the paper's refinement: a Beta prior on the LCR with mean 2v(1 − v) and strength c, and the disjoint pairs
 * of consecutive results as observations: (α + s) / (c + m) for s changes in m = ⌊n / 2⌋ pairs.
 *
 * @param results of the games through the position, in the order in which they ended
 */
export function pairPosterior(winRate: number, results: readonly number[], strength: number): number {
  const pairs = results.length >> 1;
  let changes = 0;
  for (let i = 0; i < pairs; i++) if (results[2 * i] !== results[2 * i + 1]) changes++;
  return (strength * labelChangeRate(winRate) + changes) / (strength + pairs);
}

/**
 * A Beta(cv, c(1 − v)) prior on the win rate itself, which uses every result and not every second one:
 * E[2w(1 − w) | results] · (c + 1) / c. The factor makes it 2v(1 − v) before the first result; no rate of a win rate is
 * above 0.5, so where many balanced results or a small c would carry it there, it is 0.5. Not in the paper.
 */
export function winRatePosterior(winRate: number, results: readonly number[], strength: number): number {
  const [alpha, beta] = betaPrior(winRate, strength);
  let wins = 0;
  for (const result of results) wins += result;
  const [a, b] = [alpha + wins, beta + results.length - wins];
  return scaled((2 * a * b) / ((a + b) * (a + b + 1)), strength);
}

/**
 * Appendix A.2.4: whether each result differs from the one before, n − 1 overlapping pairs, with a Beta prior on the win
 * rate. Up to exchanging the players the changes tell which results are like the first one and which are not, m0 and m1:
 * p(changes | w) = w^m1 (1 − w)^m0 + w^m0 (1 − w)^m1. Factor and bound as in `winRatePosterior`.
 */
export function chainPosterior(winRate: number, results: readonly number[], strength: number): number {
  const [a, b] = betaPrior(winRate, strength);
  let m1 = 0;
  for (const result of results) if (result !== results[0]) m1++;
  const m0 = results.length - m1;
  const [first, second] = [logBetaRatio(a, b, m1, m0), logBetaRatio(a, b, m0, m1)];
  // Relative to the larger of the two, so that many results do not underflow.
  const top = Math.max(first, second);
  const [p, q] = [Math.exp(first - top), Math.exp(second - top)];
  const total = a + b + results.length;
  const rate = 2 * (p * (a + m1) * (b + m0) + q * (a + m0) * (b + m1));
  return scaled(rate / ((p + q) * total * (total + 1)), strength);
}

/** The LCR of a position by the estimator asked for. */
export function estimateLcr(
  winRate: number,
  results: readonly number[],
  { estimator, strength }: { readonly estimator: LcrEstimator; readonly strength: number },
): number {
  switch (estimator) {
    case 'pairs':
      return pairPosterior(winRate, results, strength);
    case 'win-rate':
      return winRatePosterior(winRate, results, strength);
    case 'chain':
      return chainPosterior(winRate, results, strength);
    case 'prior':
      return labelChangeRate(winRate);
  }
}

/** An expected 2w(1 − w) scaled so that without results it is the one of the search value. */
function scaled(rate: number, strength: number): number {
  return Math.min(0.5, (rate * (strength + 1)) / strength);
}

function betaPrior(winRate: number, strength: number): [alpha: number, beta: number] {
  const proper = Math.min(1 - MARGIN, Math.max(MARGIN, winRate));
  return [strength * proper, strength * (1 - proper)];
}

/** ln B(a + i, b + j) / B(a, b), for whole i and j. */
function logBetaRatio(a: number, b: number, i: number, j: number): number {
  let log = 0;
  for (let k = 0; k < i; k++) log += Math.log(a + k);
  for (let k = 0; k < j; k++) log += Math.log(b + k);
  for (let k = 0; k < i + j; k++) log -= Math.log(a + b + k);
  return log;
}
