/** The schema of the settings of an `alphazero` job. The defaults fit ten minutes of 7×7 on two cores. */

import { choice, flag, integer, number, text } from '../../core/config.js';
import { goDataSchema, lossSchema, treeSchema, windowSchema } from '../go-data/schema.js';
import { growthSchema } from './growth-config.js';

/** Every setting of the job, with its default, range and meaning. */
export const alphaZeroSchema = {
  size: goDataSchema.size,
  komi: text(
    'fair',
    "Komi: points added to the score of White, a multiple of 0.5, or 'fair' for the usual komi of the board size.",
  ),
  ko: choice(
    'positional',
    ['simple', 'positional', 'situational'],
    'Ko rule: which repetitions of a position are forbidden.',
  ),
  suicide: flag(false, 'Whether a move may remove its own chain.'),
  seed: integer(1, 0, 2 ** 31, 'Seed of the weights, the games and the batches.'),

  blocks: integer(4, 1, 40, 'Residual blocks of the network.'),
  channels: integer(32, 4, 512, 'Channels of the network.'),
  network: choice(
    'residual',
    ['residual', 'katago'],
    "Kind of network: residual is this project's own, katago can be exported for KataGo and always has the features katago-7.",
  ),
  features: choice(
    'tengen-1',
    ['tengen-1', 'katago-7'],
    "Input features of the network: tengen-1 has stones, liberties, ko and latest moves; katago-7 has KataGo's planes, which also show ladders and owned areas.",
  ),

  visits: integer(20, 1, 100_000, 'Simulations of a full search.'),
  cheapVisits: integer(
    0,
    0,
    100_000,
    'Simulations of a cheap search (playout cap randomization); 0 makes every search a full search.',
  ),
  fullSearchShare: number(0.25, 0, 1, 'Share of the moves that get a full search if cheapVisits is above 0.'),
  fullSearchAbove: number(
    0,
    0,
    0.5,
    'If cheapVisits is above 0: a move always gets a full search if the Label Change Rate after the search of the move before is at least fullSearchAbove; 0 chooses full searches by fullSearchShare alone.',
  ),
  cheapPositions: goDataSchema.cheapPositions,
  gumbelRoot: flag(
    true,
    'Root selection: true is Gumbel sampling with sequential halving, false is PUCT with Dirichlet noise.',
  ),
  gumbelActions: integer(8, 2, 362, 'Actions that the Gumbel root considers.'),
  dirichletTotal: number(10, 0, 1000, 'Total concentration of the Dirichlet noise at a PUCT root; 0 adds no noise.'),
  temperatureMoves: integer(
    8,
    0,
    1000,
    'Moves from the start of a game that are drawn in proportion to the search policy.',
  ),
  lateTemperature: number(
    0,
    0,
    10,
    'Temperature at which moves after temperatureMoves are drawn from the search policy; 0 plays the best move.',
  ),
  earlyForkShare: number(
    0,
    0,
    1,
    'Share of the games that begin with an early fork (KataGo): a few moves drawn from the raw policy, then the best of a few random moves by the value of the network.',
  ),
  resignThreshold: number(
    -1,
    -1,
    0,
    'A side resigns when the root values of two of its searches in a row are below resignThreshold; -1 never resigns. A resigned game trains ownership and score on the board as it was then, so training is better without resignation.',
  ),
  resignPlayoutShare: number(0.2, 0, 1, 'Share of the games in which neither side may resign.'),
  maxMoves: integer(
    0,
    0,
    10_000,
    'Moves after which a game is stopped and scored; 0 takes 1.5 times the number of points of the board.',
  ),

  batchSize: integer(64, 1, 65_536, 'Positions in a training step.'),
  sampleFactor: number(4, 0.01, 1000, 'Mean number of times that training uses a new position.'),
  startPositions: integer(1000, 1, 100_000_000, 'Positions that must be collected before training starts.'),
  ...windowSchema,
  policySurpriseWeight: number(
    0,
    0,
    1,
    'Share of the training draws in a game that choose a position in proportion to its policy surprise (KataGo) instead of evenly.',
  ),
  angleWeight: number(
    0,
    0,
    1,
    "Share of the training draws in a game that choose a position by the angle concentration of the network's features instead of evenly (the signal of GAIN-RL, applied to points; read docs/methods/curriculum.md before use).",
  ),
  angleRenewSteps: integer(
    0,
    0,
    1_000_000_000,
    'Training steps after which the angle concentrations of all positions are computed again; 0 computes the angle concentration of each position once, when the position is added.',
  ),

  ...treeSchema,

  valueMix: goDataSchema.valueMix,

  optimizer: choice('adamw', ['adamw', 'sgd'], "Optimizer of the network's weights."),
  learningRate: number(0.003, 0, 10, 'Learning rate after the warm-up.'),
  warmupSteps: integer(100, 0, 1_000_000, 'Training steps over which the learning rate rises from zero.'),
  schedule: choice(
    'cosine',
    ['constant', 'cosine'],
    'Learning rate after the warm-up: constant, or falling as a cosine of the progress of the job.',
  ),
  finalLearningRateShare: number(
    0.1,
    0,
    1,
    'Learning rate at the end of a cosine schedule, as a share of learningRate.',
  ),
  weightDecay: number(0.01, 0, 10, 'Weight decay: decoupled for AdamW, L2 for SGD.'),
  momentum: number(0.9, 0, 0.9999, 'Momentum of SGD.'),
  emaDecay: number(
    0.99,
    0,
    0.99999,
    'Decay of the exponential moving average of the weights; the averaged weights are what plays.',
  ),
  clipNorm: number(1, 0, 1000, 'Norm to which a larger gradient is scaled down; 0 never clips the gradient.'),
  ...lossSchema,
  trainingThreads: integer(1, 1, 256, 'Threads that compute one training step.'),

  candidateSeconds: number(
    40,
    0,
    86_400,
    'Seconds between new model versions; 0 makes model versions by candidateSteps alone.',
  ),
  candidateSteps: integer(
    0,
    0,
    10_000_000,
    'Training steps between new model versions; 0 makes model versions by candidateSeconds alone.',
  ),
  promotion: choice(
    'latest',
    ['latest', 'gate'],
    'Model version that self-play uses: latest is the newest version, gate is the promoted version.',
  ),
  promotionElo: number(
    0,
    -1000,
    1000,
    'A rated version is promoted if its Elo is at least promotionElo above the Elo of the promoted version.',
  ),
  ratingGames: integer(
    32,
    0,
    100_000,
    'Rating games for each new version; 0 plays no rating games and promotes every version.',
  ),
  ratingShare: number(0.1, 0, 1, 'Largest share of rating games among all games while self-play runs.'),
  ratingVisits: integer(0, 0, 100_000, 'Simulations of a search in a rating game; 0 takes the value of visits.'),
  ratingSeconds: number(
    90,
    0,
    86_400,
    'Longest time in seconds, after the end of self-play, for rating games of the last version.',
  ),
  openingPlies: integer(2, 0, 20, 'Moves in each opening of rating games.'),
  openings: integer(
    64,
    1,
    100_000,
    'Number of openings of rating games; each opening is played twice, with colors exchanged.',
  ),

  ...growthSchema,

  minutes: number(10, 0, 1_000_000, 'Length of the job in minutes; 0 sets no limit.'),
  maxGames: integer(0, 0, 1_000_000_000, 'Self-play games after which the job ends; 0 sets no limit.'),
  maxPositions: integer(0, 0, 1_000_000_000, 'Training positions after which the job ends; 0 sets no limit.'),
  maxBacklogGames: integer(
    512,
    1,
    1_000_000,
    'Finished games waiting for training at which the job hands out no new self-play games.',
  ),
} as const;
