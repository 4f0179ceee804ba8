/** The arms of the comparison: settings of the `alphazero` job over those of shared/self-play/base.ts. */

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
