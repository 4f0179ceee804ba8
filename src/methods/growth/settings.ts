/** The known ways of growing a network, as settings of one operator. */

/** What the operator starts as, and which of it is trained. */
export interface OperatorSettings {
  /** Where new layers come from, and whether they do nothing at first. */
  readonly depth: 'stack' | 'exact';
  /**
   * How what reads a copied unit is shared among the copies: evenly; unevenly, at random (which tells the copies apart and
   * changes nothing of the function); or all of it by the first (KataGo's widening).
   */
  readonly split: 'even' | 'uneven' | 'first';
  /** Whether new units are taken from the next layer rather than their own (bert2BERT's AKI). */
  readonly fromNextLayer: boolean;
  /** Whether all weights that fit in one tensor mix, or each type with itself alone (LiGO). */
  readonly coupling: 'all' | 'per-type';
  /** Bond rank of the coupled bundles: the size of every bond. */
  readonly rank: number;
  /** Deviation of the noise on every core. */
  readonly noise: number;
  /** Deviation of what tells copies apart, in what reads them, as a share of the size of the source's weights; see spread.ts. */
  readonly spread: number;
  /** Whether kernel taps mix: not; freely; or only as the symmetries of the board allow. */
  readonly taps: 'fixed' | 'free' | 'symmetric';
  /** Whether the cores are meant to be trained. */
  readonly isTrained: boolean;
}

const plain: OperatorSettings = {
  depth: 'stack',
  split: 'even',
  fromNextLayer: false,
  coupling: 'all',
  rank: 1,
  noise: 0,
  spread: 0,
  taps: 'fixed',
  isTrained: false,
};

/**
 * The ways of growing, by name:
 * - `net2net`: copies of units that keep the function of the network (Chen et al., ICLR 2016), and new layers that add 0.
 * - `net2net-spread`: `net2net` with random numbers on the outgoing weights, which add up to 0 over the copies of a unit.
 * - `stack`: copies of units; layers are stacked (Gong et al., ICML 2019).
 * - `fpi` and `aki`: bert2BERT (Chen et al., ACL 2022).
 * - `ligo`: a trained map for each type of weight (Wang et al., ICLR 2023).
 * - `mango`: the trained operator of this method, which starts as `fpi`; `mango-exact` starts as `net2net`.
 * - `katago`: widening as KataGo's script does it.
 */
export const growthMethods = {
  net2net: { ...plain, depth: 'exact', split: 'uneven' },
  'net2net-spread': { ...plain, depth: 'exact', split: 'uneven', spread: 0.5 },
  stack: { ...plain, split: 'uneven' },
  fpi: plain,
  aki: { ...plain, fromNextLayer: true },
  ligo: { ...plain, coupling: 'per-type', noise: 0.01, isTrained: true },
  mango: { ...plain, noise: 0.01, taps: 'symmetric', isTrained: true },
  'mango-exact': { ...plain, depth: 'exact', split: 'uneven', noise: 0.001, taps: 'symmetric', isTrained: true },
  katago: { ...plain, depth: 'exact', split: 'first', noise: 0.0025 },
} as const satisfies Record<string, OperatorSettings>;

export const growthMethodNames = Object.keys(growthMethods) as (keyof typeof growthMethods)[];
