/** The arms of the comparison: settings of the `alphazero` job over a common base. */

/** The paper's setting at our scale: PUCT with Dirichlet noise, results as value labels, no other heads. */
const base = {
  blocks: 2,
  channels: 32,
  visits: 32,
  gumbelRoot: false,
  dirichletTotal: 10,
  lateTemperature: 0.5,
  valueMix: 0,
  ownershipLossWeight: 0,
  scoreLossWeight: 0,
  sampleFactor: 4,
  startPositions: 1000,
  windowMin: 10_000,
  emaDecay: 0.98,
  learningRate: 0.003,
  finalLearningRateShare: 0.3,
  adaptiveThreshold: false,
  minutes: 0,
} as const;

/** What depends on the board: a komi near a fair result, and as many moves drawn freely. */
const boards: Readonly<Record<number, Readonly<Record<string, unknown>>>> = {
  7: { komi: '8.5', temperatureMoves: 14 },
  9: { komi: '7.5', temperatureMoves: 20 },
};

/** The settings that all arms share on a board. */
export function baseOf(size: number): Readonly<Record<string, unknown>> {
  return { ...base, ...(boards[size] ?? boards[9]) };
}

const uge = { variations: 10, adaptiveThreshold: true } as const;

/** Searches settled positions cheaply and spends what that saves on open ones. */
const open = { cheapVisits: 4, fullSearchShare: 0.25, fullSearchAbove: 0.2 } as const;

export const arms = {
  /** Plain AlphaZero. */
  base: {},
  /** The paper to the letter, with its fixed threshold. */
  'uge-fixed': { variations: 10, adaptiveThreshold: false },
  /** The paper's method with the threshold of small boards. */
  uge,
  random: { ...uge, branchPoints: 'random' },
  'no-weight': { ...uge, moveNumberWeight: false },
  own: { ...uge, valueLabel: 'own' },
  prior: { ...uge, branchEstimator: 'prior' },
  'win-rate': { ...uge, branchEstimator: 'win-rate' },
  weighted: { ...uge, valueLabel: 'weighted' },
  v4: { ...uge, variations: 4 },
  /** What a user would otherwise choose. */
  soft: { valueMix: 0.5 },
  'early-fork': { earlyForkShare: 0.05 },
  surprise: { policySurpriseWeight: 0.5 },
  'playout-cap': { cheapVisits: 4, fullSearchShare: 0.25 },
  /** Uncertainty decides where to search, and with branching also where to begin. */
  open,
  'uge-open': { ...uge, ...open },
  'uge-open-wide': { ...uge, ...open, fullSearchShare: 0.15, fullSearchAbove: 0.3 },
  'no-weight-open': { ...uge, moveNumberWeight: false, ...open },
  /** Averaged labels that lean on the search while there are few results. */
  posterior: { ...uge, moveNumberWeight: false, valueLabel: 'posterior', labelStrength: 1 },
  'posterior-weight': { ...uge, valueLabel: 'posterior', labelStrength: 1 },
  'posterior-v4': { ...uge, variations: 4, valueLabel: 'posterior', labelStrength: 1 },
} as const satisfies Readonly<Record<string, Readonly<Record<string, unknown>>>>;

export type Arm = keyof typeof arms;
