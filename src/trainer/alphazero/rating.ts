/**
 * Elo ratings from match results: the maximum of the Bradley–Terry likelihood P(i beats j) = 1 / (1 + 10^((Rj − Ri) / 400)),
 * a draw counting as half a win for each (R. Hunter, "MM algorithms for generalized Bradley–Terry models", 2004; here
 * Newton's method, since the log-likelihood is concave and few versions are rated). As in Bayeselo, a prior of virtual
 * draws between those who met keeps the ratings of the unbeaten finite. Intervals come from the inverse Hessian.
 */

import { assert } from '../../core/errors.js';

/** All games between two players, from the side of `a`. */
export interface PairResult {
  /** Indices of the players. */
  readonly a: number;
  readonly b: number;
  readonly wins: number;
  readonly draws: number;
  readonly losses: number;
}

/** The rating of one player. */
export interface Rating {
  /** Elo; player 0 has 0 unless told otherwise. */
  readonly elo: number;
  /** Half the width of the 95 % interval of the difference to the players known, in Elo. */
  readonly interval: number;
  /** Games played. */
  readonly games: number;
}

/** Elo points in one natural-logarithm unit of odds. */
const ELO_PER_LOGIT = 400 / Math.LN10;
/** Two-sided 95 % of the normal distribution. */
const Z95 = 1.959964;
/** Precision (1 / logit²) that ties every player to 0; so weak that only players without games feel it. */
const TIE = 1e-6;

/** The chance that a player who is `elo` points stronger wins, a draw counting as half. */
export function winChance(elo: number): number {
  return 1 / (1 + Math.exp(-elo / ELO_PER_LOGIT));
}

export interface FitOptions {
  /**
   * Virtual draws for every pair that met, 1 unless given; 0 is plain maximum likelihood, which diverges for a player
   * who won or lost everything.
   */
  readonly priorDraws?: number;
  /** Elo of the first players, which are taken as known; only the first player's 0 unless given. */
  readonly known?: readonly number[];
}

/**
 * Rates `players` players from their results; those known come back as they are, with interval 0. Deterministic; cost
 * O(n³) per Newton step for n unknown players, about ten steps.
 */
export function fitRatings(players: number, results: readonly PairResult[], options: FitOptions = {}): Rating[] {
  // A job may end before it has made a version.
  if (players === 0) return [];
  const { priorDraws = 1, known = [0] } = options;
  const pairs = merge(players, results, priorDraws);
  const ratings = new Float64Array(players);
  known.forEach((elo, i) => (ratings[i] = elo / ELO_PER_LOGIT));
  // The unknown are mostly newer and stronger: beginning at the last known rating saves steps.
  const unknown = ratings.subarray(known.length).fill((known.at(-1) ?? 0) / ELO_PER_LOGIT);
  let hessian: Float64Array = new Float64Array(0);
  for (let iteration = 0; iteration < 200; iteration++) {
    const system = linearise(ratings, pairs, known.length);
    hessian = system.hessian;
    const change = solve(factorise(hessian, unknown.length), system.gradient);
    // A step of more than two logits leaves the region where the quadratic model is any good.
    const longest = change.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
    const scale = Math.min(1, 2 / longest);
    for (let i = 0; i < unknown.length; i++) unknown[i]! += scale * change[i]!;
    if (longest < 1e-9) break;
  }
  const variances = inverseDiagonal(hessian, unknown.length);
  const games = new Float64Array(players);
  for (const { a, b, wins, draws, losses } of results) {
    games[a]! += wins + draws + losses;
    games[b]! += wins + draws + losses;
  }
  return Array.from(ratings, (rating, i) => ({
    elo: known[i] ?? rating * ELO_PER_LOGIT,
    interval: i < known.length ? 0 : Z95 * Math.sqrt(variances[i - known.length]!) * ELO_PER_LOGIT,
    games: games[i]!,
  }));
}

interface Pair {
  readonly a: number;
  readonly b: number;
  points: number;
  games: number;
}

/** One entry for each pair that met, with `points` for `a` out of `games`, prior included. */
function merge(players: number, results: readonly PairResult[], priorDraws: number): Pair[] {
  const pairs = new Map<number, Pair>();
  for (const { a, b, wins, draws, losses } of results) {
    assert(a !== b && Math.max(a, b) < players, `pair ${a}, ${b} of ${players} players`);
    const games = wins + draws + losses;
    if (games === 0) continue;
    const [low, high] = a < b ? [a, b] : [b, a];
    const key = low * players + high;
    const pair = pairs.get(key) ?? { a: low, b: high, points: priorDraws / 2, games: priorDraws };
    pair.points += (a === low ? wins : losses) + draws / 2;
    pair.games += games;
    pairs.set(key, pair);
  }
  return [...pairs.values()];
}

/** Gradient and negated Hessian of the log-likelihood with respect to the players from `known` on. */
function linearise(
  ratings: Float64Array,
  pairs: readonly Pair[],
  known: number,
): { gradient: Float64Array; hessian: Float64Array } {
  const n = ratings.length - known;
  const gradient = new Float64Array(n);
  const hessian = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    hessian[i * n + i] = TIE;
    gradient[i] = -TIE * ratings[known + i]!;
  }
  for (const { a, b, points, games } of pairs) {
    const chance = 1 / (1 + Math.exp(ratings[b]! - ratings[a]!));
    const error = points - games * chance;
    const curvature = games * chance * (1 - chance);
    const [i, j] = [a - known, b - known];
    if (i >= 0) {
      gradient[i]! += error;
      hessian[i * n + i]! += curvature;
    }
    if (j >= 0) {
      gradient[j]! -= error;
      hessian[j * n + j]! += curvature;
    }
    if (i >= 0 && j >= 0) {
      hessian[i * n + j]! -= curvature;
      hessian[j * n + i]! -= curvature;
    }
  }
  return { gradient, hessian };
}

/** The lower Cholesky factor of a symmetric positive definite matrix [n, n]. */
function factorise(matrix: Float64Array, n: number): Float64Array {
  const lower = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * n + j]!;
      for (let k = 0; k < j; k++) sum -= lower[i * n + k]! * lower[j * n + k]!;
      lower[i * n + j] = i === j ? Math.sqrt(Math.max(sum, 1e-12)) : sum / lower[j * n + j]!;
    }
  }
  return lower;
}

/** Solves L Lᵀ x = b. */
function solve(lower: Float64Array, b: Float64Array): Float64Array {
  const n = b.length;
  const x = Float64Array.from(b);
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) x[i]! -= lower[i * n + k]! * x[k]!;
    x[i]! /= lower[i * n + i]!;
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) x[i]! -= lower[k * n + i]! * x[k]!;
    x[i]! /= lower[i * n + i]!;
  }
  return x;
}

function inverseDiagonal(matrix: Float64Array, n: number): Float64Array {
  const lower = factorise(matrix, n);
  const diagonal = new Float64Array(n);
  const unit = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    unit.fill(0);
    unit[i] = 1;
    diagonal[i] = solve(lower, unit)[i]!;
  }
  return diagonal;
}
