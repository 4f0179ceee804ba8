/**
 * The settings of an `alphazero` job. Defaults fit 7×7 on two cores for ten minutes.
 */

import { choice, flag, integer, number, readConfig, text } from '../../core/config.js';
import type { ConfigOf } from '../../core/config.js';
import { check } from '../../core/errors.js';
import { defaultRules } from '../../go/rules.js';
import type { Rules } from '../../go/rules.js';
import { branchPoints, lcrEstimators, type BranchSettings } from '../../methods/branching/settings.js';
import { valueLabels } from '../../methods/branching/value-label.js';
import type { LossWeights } from '../../nn/networks/go-loss.js';
import { checkGrowthConfig, growthSchema } from './growth-config.js';
import type { PlaySettings } from '../go-data/work.js';

/** Every setting of the job, with its default, range and meaning. */
export const alphaZeroSchema = {
  size: integer(7, 2, 19, 'Points on a side of the board.'),
  komi: text(
    'fair',
    "Points added to the score of White, a multiple of 0.5, or 'fair' for the usual komi of the board size.",
  ),
  ko: choice('positional', ['simple', 'positional', 'situational'], 'Which repetitions are forbidden.'),
  suicide: flag(false, 'Whether a play may remove its own chain.'),
  seed: integer(1, 0, 2 ** 31, 'Seed of the weights, the games and the batches.'),

  blocks: integer(4, 1, 40, 'Residual blocks of the network.'),
  channels: integer(32, 4, 512, 'Channels of the network.'),
  network: choice(
    'residual',
    ['residual', 'katago'],
    'Kind of the network: our own, or one that can be exported for KataGo, which always sees katago-7.',
  ),
  features: choice(
    'tengen-1',
    ['tengen-1', 'katago-7'],
    'What the network sees: plain planes, or those of KataGo with ladders and owned areas beside them.',
  ),

  visits: integer(20, 1, 100_000, 'Simulations of a full search.'),
  cheapVisits: integer(
    0,
    0,
    100_000,
    'Simulations of a cheap search (playout-cap randomisation); 0 makes every search full.',
  ),
  fullSearchShare: number(0.25, 0, 1, 'Share of the moves that get a full search when cheapVisits is set.'),
  fullSearchAbove: number(
    0,
    0,
    0.5,
    'With cheapVisits: Label Change Rate from which a move gets a full search in any case, so that only settled positions are searched cheaply; 0 chooses by fullSearchShare alone.',
  ),
  cheapPositions: choice(
    'skip',
    ['skip', 'value'],
    'Whether positions of cheap searches are left out or train value, score and ownership.',
  ),
  gumbelRoot: flag(true, 'Root selection by Gumbel and sequential halving instead of PUCT with Dirichlet noise.'),
  gumbelActions: integer(8, 2, 362, 'Actions that the Gumbel root considers.'),
  dirichletTotal: number(10, 0, 1000, 'Total concentration of the Dirichlet noise at the PUCT root; 0 is no noise.'),
  temperatureMoves: integer(
    8,
    0,
    1000,
    'Moves from the start that are drawn at random in proportion to the search policy.',
  ),
  lateTemperature: number(0, 0, 10, 'Temperature of the draws after temperatureMoves; 0 plays the best move.'),
  earlyForkShare: number(
    0,
    0,
    1,
    'Share of the games that begin with an early fork: moves of the raw policy, then the best of a few random ones (KataGo).',
  ),
  resignThreshold: number(
    -1,
    -1,
    0,
    'A side resigns below this root value in two searches running; -1 never resigns. Ownership and score of a resigned game are learnt from the board as it stands: better left off.',
  ),
  resignPlayoutShare: number(0.2, 0, 1, 'Share of the games in which nobody resigns.'),
  maxMoves: integer(
    0,
    0,
    10_000,
    'Moves after which a game is stopped and scored; 0 takes three for every two points.',
  ),

  batchSize: integer(64, 1, 65_536, 'Positions of a training step.'),
  sampleFactor: number(4, 0.01, 1000, 'Times that a new position is trained on, on average.'),
  startPositions: integer(1000, 1, 100_000_000, 'Positions to collect before training starts.'),
  windowMin: integer(8000, 1, 100_000_000, 'Positions in the replay window before it begins to grow.'),
  windowExponent: number(
    0.75,
    0,
    1,
    'Growth of the window: close to 1 keeps a fixed share of all positions, 0 grows with their logarithm.',
  ),
  windowScale: number(0.4, 0, 1, 'Growth of the window per new position just above windowMin.'),
  policySurpriseWeight: number(
    0,
    0,
    1,
    'Share of the training weight of a game that its positions get by how much the search surprised the network (KataGo).',
  ),
  angleWeight: number(
    0,
    0,
    1,
    "Share of that weight that they get by the angle concentration of the network's features instead (GAIN-RL's signal over points; see docs/methods/curriculum.md before use).",
  ),
  angleRenewSteps: integer(
    0,
    0,
    1_000_000_000,
    'Steps after which the concentrations of all positions are computed anew; 0 computes each once, when it comes.',
  ),

  variations: integer(
    1,
    1,
    1000,
    'Games in a tree: later ones branch off where the result is uncertain; 1 never branches.',
  ),
  branchPoints: choice('uncertain', branchPoints, 'Where branches begin; random ones are for comparison.'),
  branchEstimator: choice('pairs', lcrEstimators, 'How the Label Change Rate is estimated from search and results.'),
  branchStrength: number(10, 0.01, 100_000, 'Games that the search value counts for in that estimate.'),
  branchThreshold: number(0.48, 0, 0.5, 'A position is eligible when its Label Change Rate is above this.'),
  adaptiveThreshold: flag(true, 'Lowers the threshold on boards where the first move decides much.'),
  moveNumberWeight: flag(true, 'Weighs eligible positions by their move number.'),
  branchTemperature: number(1, 0.01, 100, 'Temperature at which the first move of a branch is drawn.'),
  branchAfter: integer(0, 0, 1_000_000_000, 'Positions to collect before games are branched.'),
  valueLabel: choice('mean', valueLabels, 'How the value label is made from the games through a position.'),
  labelStrength: number(1, 0, 100_000, "Games that the search value counts for in the 'posterior' label."),

  valueMix: number(
    0.2,
    0,
    1,
    'Share of the root value of the search in the value target; the rest is the result of the game.',
  ),

  optimizer: choice('adamw', ['adamw', 'sgd'], 'The optimizer.'),
  learningRate: number(0.003, 0, 10, 'Learning rate after the warm-up.'),
  warmupSteps: integer(100, 0, 1_000_000, 'Steps over which the learning rate rises from zero.'),
  schedule: choice(
    'cosine',
    ['constant', 'cosine'],
    'Learning rate after the warm-up: constant, or falling with the progress of the job.',
  ),
  finalLearningRateShare: number(0.1, 0, 1, 'Share of the learning rate that is left at the end of a cosine schedule.'),
  weightDecay: number(0.01, 0, 10, 'Weight decay: decoupled for AdamW, L2 for SGD.'),
  momentum: number(0.9, 0, 0.9999, 'Momentum of SGD.'),
  emaDecay: number(0.99, 0, 0.99999, 'Decay of the moving average of the weights, which is what plays.'),
  clipNorm: number(1, 0, 1000, 'Largest norm of the gradient; 0 does not clip.'),
  policyLossWeight: number(1, 0, 100, 'Weight of the policy loss.'),
  valueLossWeight: number(1, 0, 100, 'Weight of the value loss.'),
  ownershipLossWeight: number(0.5, 0, 100, 'Weight of the ownership loss.'),
  scoreLossWeight: number(0.1, 0, 100, 'Weight of the score loss.'),
  trainingThreads: integer(1, 1, 256, 'Threads inside one training step.'),

  candidateSeconds: number(40, 0, 86_400, 'A new version is made this often; 0 makes them by candidateSteps only.'),
  candidateSteps: integer(
    0,
    0,
    10_000_000,
    'A new version is made after this many steps; 0 makes them by candidateSeconds only.',
  ),
  promotion: choice(
    'latest',
    ['latest', 'gate'],
    'Self-play uses the latest version, or only a version that passed the gate.',
  ),
  promotionElo: number(
    0,
    -1000,
    1000,
    'A rated version is promoted when its Elo exceeds that of the promoted one by at least this.',
  ),
  ratingGames: integer(
    32,
    0,
    100_000,
    'Rating games for each new version; 0 rates nothing and promotes every version.',
  ),
  ratingShare: number(0.1, 0, 1, 'Largest share of the games that are rating games while self-play runs.'),
  ratingVisits: integer(0, 0, 100_000, 'Simulations of a search in a rating game; 0 takes visits.'),
  ratingSeconds: number(90, 0, 86_400, 'Longest time after the end of self-play in which the last version is rated.'),
  openingPlies: integer(2, 0, 20, 'Moves of the openings of rating games.'),
  openings: integer(64, 1, 100_000, 'Number of openings; each is played with both colours.'),

  ...growthSchema,

  minutes: number(10, 0, 1_000_000, 'Length of the job; 0 is unlimited.'),
  maxGames: integer(0, 0, 1_000_000_000, 'Self-play games after which the job ends; 0 is unlimited.'),
  maxPositions: integer(0, 0, 1_000_000_000, 'Training positions after which the job ends; 0 is unlimited.'),
  maxBacklogGames: integer(512, 1, 1_000_000, 'Games waiting for training at which no new self-play is handed out.'),
} as const;

/** The settings of a job, checked. */
export type AlphaZeroConfig = ConfigOf<typeof alphaZeroSchema>;

/**
 * Reads the settings of a job and fills in the defaults.
 *
 * @throws AppError 'invalid-argument' naming the setting, the value seen and the values allowed
 */
export function readAlphaZeroConfig(input: Readonly<Record<string, unknown>>): AlphaZeroConfig {
  const { komi } = input;
  const config = readConfig(alphaZeroSchema, typeof komi === 'number' ? { ...input, komi: String(komi) } : input);
  const points = Number(config.komi);
  check(
    config.komi === 'fair' ||
      (config.komi.trim() !== '' && Number.isInteger(points * 2) && Math.abs(points) <= config.size ** 2),
    () =>
      `Setting 'komi' is ${JSON.stringify(config.komi)}; it must be 'fair' or a multiple of 0.5 up to ±${config.size ** 2}`,
  );
  check(
    config.candidateSeconds > 0 || config.candidateSteps > 0,
    `Settings 'candidateSeconds' and 'candidateSteps' are both 0; one must be set`,
  );
  checkGrowthConfig(config);
  const { policySurpriseWeight, angleWeight } = config;
  check(
    policySurpriseWeight + angleWeight <= 1,
    () =>
      `Settings 'policySurpriseWeight' and 'angleWeight' are ${policySurpriseWeight} and ${angleWeight}; together they must be at most 1`,
  );
  return config;
}

/** The rules of the job's games. */
export function rulesOf(config: AlphaZeroConfig): Rules {
  const fair = defaultRules(config.size);
  return { ko: config.ko, suicide: config.suicide, komi: config.komi === 'fair' ? fair.komi : Number(config.komi) };
}

/** How the job's games are searched: self-play, or rating games without exploration. */
export function playSettings(config: AlphaZeroConfig, kind: 'self-play' | 'match'): PlaySettings {
  const common = {
    size: config.size,
    rules: rulesOf(config),
    gumbelRoot: config.gumbelRoot,
    gumbelActions: config.gumbelActions,
    maxMoves: config.maxMoves === 0 ? Math.ceil(1.5 * config.size ** 2) : config.maxMoves,
    resignThreshold: config.resignThreshold,
  };
  if (kind === 'match') {
    const visits = config.ratingVisits === 0 ? config.visits : config.ratingVisits;
    return {
      ...common,
      visits,
      cheapVisits: 0,
      fullSearchShare: 1,
      fullSearchAbove: 0,
      temperatureMoves: 0,
      dirichletTotal: 0,
      resignPlayoutShare: 0,
      lateTemperature: 0,
      earlyForkShare: 0,
    };
  }
  const { visits, cheapVisits, fullSearchShare, temperatureMoves, dirichletTotal, resignPlayoutShare } = config;
  const { fullSearchAbove, lateTemperature, earlyForkShare } = config;
  return {
    ...common,
    visits,
    cheapVisits,
    fullSearchShare,
    temperatureMoves,
    dirichletTotal,
    resignPlayoutShare,
    fullSearchAbove,
    lateTemperature,
    earlyForkShare,
    ...(config.variations > 1 && { branching: branchSettings(config) }),
  };
}

/** How the job's game trees are branched. */
export function branchSettings(config: AlphaZeroConfig): BranchSettings {
  const { variations, adaptiveThreshold, moveNumberWeight } = config;
  return {
    variations,
    adaptiveThreshold,
    moveNumberWeight,
    points: config.branchPoints,
    estimator: config.branchEstimator,
    strength: config.branchStrength,
    threshold: config.branchThreshold,
    temperature: config.branchTemperature,
  };
}

/** How much each part of the loss counts. */
export function lossWeights(config: AlphaZeroConfig): LossWeights {
  return {
    policy: config.policyLossWeight,
    value: config.valueLossWeight,
    ownership: config.ownershipLossWeight,
    score: config.scoreLossWeight,
  };
}
