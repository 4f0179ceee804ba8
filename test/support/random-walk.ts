/**
 * A game in which every win rate is known exactly, for measuring branching without networks: two players push a counter
 * up and down in turn, 60 plies; whoever has it on his side at the end wins. The game, the noise of its search and the
 * figures are those of the numpy reference of the branching specification (section 2.6).
 */

import type { Rng } from '../../src/core/rng.js';
import { movesTo, pickBranch } from '../../src/methods/branching/branch-point.js';
import {
  GameTree,
  type NewVariation,
  type SearchedPosition,
  type TreeNode,
} from '../../src/methods/branching/game-tree.js';
import { labelChangeRate } from '../../src/methods/branching/label-change-rate.js';
import type { BranchSettings } from '../../src/methods/branching/settings.js';
import { valueLabel } from '../../src/methods/branching/value-label.js';

const plies = 60;
const openingPlies = 15;
const steps = [2, 1, 0, -1];
const openingWeights = [0.45, 0.3, 0.15, 0.1];
const laterWeights = [0.8, 0.12, 0.06, 0.02];
const openingPolicy = openingWeights.flatMap((weight, move) => [move, weight]);
const laterPolicy = laterWeights.flatMap((weight, move) => [move, weight]);
/** Standard deviation of the search value around the win rate. */
const valueNoise = 0.05;

const offset = 2 * plies + 5;
const width = 2 * offset + 1;
const winRates = exactWinRates();

/** The first player's exact win rate with the counter at `counter` after `ply` moves. */
export function winRateOf(ply: number, counter: number): number {
  return winRates[ply * width + counter + offset]!;
}

/**
 * Plays on to the end, searching as it goes; coins decide draws. Moves 0 to 3 push the counter by 2, 1, 0, −1 towards the
 * mover's side.
 *
 * @param shared moves up to and including the drawn one; none for the first game
 */
export function playVariation(shared: readonly number[], rng: Rng): NewVariation {
  const moves = [...shared];
  const positions: SearchedPosition[] = [];
  let counter = shared.reduce((at, move, ply) => at + signOf(ply) * steps[move]!, 0);
  for (let ply = moves.length; ply < plies; ply++) {
    const seen = winRateOf(ply, counter) + valueNoise * rng.normal();
    const policy = ply < openingPlies ? openingPolicy : laterPolicy;
    positions.push({ policy, winRate: Math.min(1, Math.max(0, seen)), isCandidate: true });
    const move = rng.weighted(ply < openingPlies ? openingWeights : laterWeights);
    moves.push(move);
    counter += signOf(ply) * steps[move]!;
  }
  const result = counter === 0 ? Number(rng.float() < 0.5) : Number(counter > 0);
  return { moves, sharedMoves: shared.length, positions, result };
}

/** Plays a whole tree. @param backUps receives the back-up distance of every branch */
function growTree(settings: BranchSettings, rng: Rng, backUps: number[] = []): GameTree {
  const tree = new GameTree();
  tree.add(playVariation([], rng));
  for (let branch = pickBranch(tree, settings, rng); branch; branch = pickBranch(tree, settings, rng)) {
    backUps.push(branch.backUp);
    tree.add(playVariation([...movesTo(branch.node), branch.move], rng));
  }
  return tree;
}

/** What the reference measures. */
export interface WalkFigures {
  /** Trees. */
  readonly games: number;
  /** Positions searched for a variation. */
  readonly newPositions: number;
  /** Mean of 2w(1 − w) over the positions, and over those in the second half of the game. */
  readonly lcr: number;
  readonly lateLcr: number;
  /** Mean squared difference of the labels 'mean' and 'weighted' from the win rate. */
  readonly plainError: number;
  readonly weightedError: number;
  /** Mean difference where branches part, for the side to move. */
  readonly plainBias: number;
  readonly weightedBias: number;
  /** Mean back-up distance in plies. */
  readonly backUp: number;
}

/** Plays trees until there are so many positions. */
export function measureTrees(settings: BranchSettings, leastPositions: number, rng: Rng): WalkFigures {
  const [lcr, lateLcr, backUps] = [new Mean(), new Mean(), [] as number[]];
  const [plainError, weightedError, plainBias, weightedBias] = [new Mean(), new Mean(), new Mean(), new Mean()];
  let [games, variations, positions] = [0, 0, 0];
  while (positions < leastPositions) {
    const tree = growTree(settings, rng, backUps);
    games++;
    variations += tree.variations;
    positions += tree.positions.length;
    const counters = new Map<TreeNode, number>();
    for (const node of tree.positions) {
      // Parents come before their children.
      const { parent, move } = node;
      const counter = parent ? counters.get(parent)! + signOf(parent.ply) * steps[move!]! : 0;
      counters.set(node, counter);
      const winRate = winRateOf(node.ply, counter);
      lcr.add(labelChangeRate(winRate));
      if (node.ply > plies / 2) lateLcr.add(labelChangeRate(winRate));
      const plain = valueLabel(node, 'mean', 0) - winRate;
      const weighted = valueLabel(node, 'weighted', 0) - winRate;
      plainError.add(plain ** 2);
      weightedError.add(weighted ** 2);
      if (node.children.size < 2) continue;
      plainBias.add(signOf(node.ply) * plain);
      weightedBias.add(signOf(node.ply) * weighted);
    }
  }
  return {
    games,
    newPositions: positions / variations,
    lcr: lcr.value,
    lateLcr: lateLcr.value,
    plainError: plainError.value,
    weightedError: weightedError.value,
    plainBias: plainBias.value,
    weightedBias: weightedBias.value,
    backUp: backUps.reduce((sum, plies) => sum + plies, 0) / Math.max(1, backUps.length),
  };
}

class Mean {
  #sum = 0;
  #count = 0;

  add(value: number): void {
    this.#sum += value;
    this.#count++;
  }
  get value(): number {
    return this.#sum / Math.max(1, this.#count);
  }
}

/** The first player, who moves at even plies, pushes up. */
function signOf(ply: number): number {
  return ply % 2 === 0 ? 1 : -1;
}

/** [ply, counter + offset], from the end backwards. */
function exactWinRates(): Float64Array {
  const rates = new Float64Array((plies + 1) * width);
  for (let x = 0; x < width; x++) rates[plies * width + x] = (Math.sign(x - offset) + 1) / 2;
  for (let ply = plies - 1; ply >= 0; ply--) {
    const weights = ply < openingPlies ? openingWeights : laterWeights;
    for (let x = 0; x < width; x++) {
      let rate = 0;
      for (let move = 0; move < 4; move++) {
        // Counters beyond the edge cannot be reached; they count as the edge.
        const next = Math.min(width - 1, Math.max(0, x + signOf(ply) * steps[move]!));
        rate += weights[move]! * rates[(ply + 1) * width + next]!;
      }
      rates[ply * width + x] = rate;
    }
  }
  return rates;
}
