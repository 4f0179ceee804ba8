/**
 * Keeps the labels of training positions up to date while the game trees that they belong to are still growing: each
 * variation that arrives changes the labels of the positions before its branch.
 */

import { AppError } from '../../core/errors.js';
import { mean } from '../../core/statistics.js';
import { resultForBlack } from '../../go/game-record.js';
import { eligibilityOf } from '../../methods/branching/branch-point.js';
import { GameTree, type TreeNode } from '../../methods/branching/game-tree.js';
import { variationOf } from '../../methods/branching/played-game.js';
import type { BranchSettings } from '../../methods/branching/settings.js';
import { valueLabel, type ValueLabel } from '../../methods/branching/value-label.js';
import type { GameRows } from './game-rows.js';
import type { StoredGame } from './stored-game.js';

/** What the trees completed so far looked like; means over them. */
export interface TreeFigures {
  readonly trees: number;
  readonly variationsPerTree: number;
  /** Mean Label Change Rate of the positions. */
  readonly meanLcr: number;
  /** Share of the candidate positions above the threshold. */
  readonly eligibleShare: number;
  /** Mean distance from the sampled position to the branch, in plies. */
  readonly backUp: number;
}

export interface TreeLabelOptions {
  readonly branching: BranchSettings;
  readonly label: ValueLabel;
  readonly labelStrength: number;
}

interface OpenTree {
  readonly tree: GameTree;
  readonly rows: Map<TreeNode, { readonly game: GameRows; readonly row: number }>;
  readonly firstSequence: number;
  backUps: number;
}

/** The trees that may still grow, by id. */
export class TreeLabels {
  readonly #options: TreeLabelOptions;
  readonly #open = new Map<string, OpenTree>();
  #figures: TreeFigures = { trees: 0, variationsPerTree: 0, meanLcr: 0, eligibleShare: 0, backUp: 0 };

  constructor(options: TreeLabelOptions) {
    this.#options = options;
  }

  /** The first game of the oldest tree that may still grow; undefined if there is none. */
  get firstSequence(): number | undefined {
    // Trees are entered in the order of their first games.
    return this.#open.values().next().value?.firstSequence;
  }

  /** Undefined before the first tree is complete. */
  get figures(): TreeFigures | undefined {
    return this.#figures.trees > 0 ? this.#figures : undefined;
  }

  /**
   * Adds a game and labels the positions that it touches.
   *
   * @param game the game's own training positions; absent when only trees are refilled after a resume, and then the
   *   games of trees that need not be are passed over
   * @throws AppError 'failed-precondition' if earlier variations of its tree are missing
   */
  add({ sequence, record }: StoredGame, game: GameRows | undefined): void {
    const { variation } = record;
    // Only the posterior label of a single game differs from its result.
    if (!variation && this.#options.label !== 'posterior') return;
    const isForgotten = !game && variation && variation.index > 0 && !this.#open.has(variation.treeId);
    if (isForgotten) return;
    const open = variation ? this.#openTree(variation.treeId, variation.index, sequence) : newTree(sequence);
    if (game) game.firstSequence = open.firstSequence;
    const path = open.tree.add(variationOf(record, variation?.sharedMoves ?? 0, resultForBlack(record)));
    game?.plies.forEach((ply, row) => open.rows.set(path[ply]!, { game, row }));
    for (const node of path) {
      const at = open.rows.get(node);
      if (!at) continue;
      if (game && at.game !== game) at.game.endings[at.row] = [...at.game.endings[at.row]!, game.ending];
      this.#label(node, at.game, at.row);
    }
    if (!variation) return;
    open.backUps += variation.backUp;
    if (variation.isLast) {
      this.#open.delete(variation.treeId);
      this.#count(open);
    }
  }

  #label(node: TreeNode, game: GameRows, row: number): void {
    const { label, labelStrength } = this.#options;
    const winRate = valueLabel(node, label, labelStrength);
    const draws = node.results.reduce((sum, result) => sum + (result === 0.5 ? 1 : 0), 0) / node.results.length;
    // The label counts a draw as half a win; what is left after the draws is split between win and loss.
    game.wins[row] = Math.min(1, Math.max(0, winRate - draws / 2));
    game.draws[row] = Math.min(draws, 1 - game.wins[row]);
  }

  #openTree(treeId: string, index: number, sequence: number): OpenTree {
    const known = this.#open.get(treeId);
    if (known?.tree.variations === index) return known;
    if (index > 0 || known) {
      const seen = known?.tree.variations ?? 0;
      throw new AppError('failed-precondition', `Variation ${index} of tree '${treeId}' came after ${seen} others`);
    }
    const open = newTree(sequence);
    this.#open.set(treeId, open);
    return open;
  }

  #count({ tree, backUps }: OpenTree): void {
    const { trees, ...means } = this.#figures;
    const { lcr, eligibleShare } = eligibilityOf(tree, this.#options.branching);
    const branches = Math.max(1, tree.variations - 1);
    const seen = { variationsPerTree: tree.variations, meanLcr: mean(lcr), eligibleShare, backUp: backUps / branches };
    // A moving mean, so that the figures follow the network; plain over the first hundred trees.
    const share = 1 / Math.min(100, trees + 1);
    const mix = (name: keyof typeof seen): number => means[name] + share * (seen[name] - means[name]);
    this.#figures = {
      trees: trees + 1,
      variationsPerTree: mix('variationsPerTree'),
      meanLcr: mix('meanLcr'),
      eligibleShare: mix('eligibleShare'),
      backUp: mix('backUp'),
    };
  }
}

function newTree(firstSequence: number): OpenTree {
  return { tree: new GameTree(), rows: new Map(), firstSequence, backUps: 0 };
}
