/** How game trees are branched; the same fields as BranchSettings of the contract. */

/** Where branches begin: where the result is uncertain, or anywhere (the paper's control). */
export const branchPoints = ['uncertain', 'random'] as const;
export type BranchPoints = (typeof branchPoints)[number];

/** Estimators of the Label Change Rate; see `label-change-rate.ts`. */
export const lcrEstimators = ['pairs', 'win-rate', 'chain', 'prior'] as const;
export type LcrEstimator = (typeof lcrEstimators)[number];

/** Settings of one tree. */
export interface BranchSettings {
  /** V: games in a tree, at least 1; 1 is plain self-play. */
  readonly variations: number;
  readonly points: BranchPoints;
  readonly estimator: LcrEstimator;
  /** c = α + β: games that the search value counts for, above 0. */
  readonly strength: number;
  /** LCR₀: positions with a rate above it are eligible, 0 to 0.5. */
  readonly threshold: number;
  /** Whether the threshold follows the first position of the tree; see `thresholdOf`. */
  readonly adaptiveThreshold: boolean;
  /** Whether eligible positions are weighted by their move number (equation 4). */
  readonly moveNumberWeight: boolean;
  /** Temperature at which the branch move is drawn from the stored policy, above 0. */
  readonly temperature: number;
}

/** The paper's setting for 9×9 and 19×19. */
export const paperSettings: BranchSettings = {
  variations: 10,
  points: 'uncertain',
  estimator: 'pairs',
  strength: 10,
  threshold: 0.48,
  adaptiveThreshold: false,
  moveNumberWeight: true,
  temperature: 1,
};
