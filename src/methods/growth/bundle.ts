/**
 * A bundle: parameters of equal size that grow by one operator ("Reusing Pretrained Models by Multi-linear Operators for
 * Efficient Training", NeurIPS 2023). They are stacked in one tensor M, whose axes are B (which of the parameters), L (which
 * layer) and those of a parameter itself: O (its outputs), I (its inputs), K (its kernel taps), C (carried along unchanged).
 * A bundle says where the slices of M lie in the parameters of either network, and along which axes M grows; everything
 * else here is the same for every kind of network.
 */

/** An axis of M. */
export type AxisName = 'B' | 'L' | 'K' | 'I' | 'O' | 'C';

/** The order of the cores in the ring: each shares a bond with the next, the last with the first. */
export const RING: readonly AxisName[] = ['B', 'K', 'I', 'O', 'L'];

export interface Axis {
  readonly name: AxisName;
  /** Lengths in the source and in the target. */
  readonly from: number;
  readonly to: number;
  /** The core that maps it; bundles that name the same core share it. Without one the axis stays as it is. */
  readonly core?: string;
  /** For I and O: of which source index each target index is a copy. */
  readonly copies?: readonly number[];
}

/** Which layer of the source each layer of the target is a copy of. */
export interface LayerCopies {
  /** The source's layers one after another, again and again (StackBERT). */
  readonly stacked: readonly number[];
  /** The arrangement in which all but the first copy of each layer may be made to do nothing. */
  readonly exact: readonly number[];
}

/** A part of a parameter that is one slice of M, at a role and a layer. */
export interface Slice {
  readonly parameter: string;
  readonly role: number;
  readonly layer: number;
  /** The axis of the parameter along which several slices lie side by side, and where this one begins. */
  readonly along: number;
  readonly begin: number;
}

/** What of a network grows by one operator. */
export interface Bundle {
  readonly name: string;
  /** B and L first, then the axes of a slice in the order of the parameter's own. */
  readonly axes: readonly Axis[];
  /** For each role, whether it writes into the residual stream: without it a new layer does nothing. */
  readonly writers: readonly boolean[];
  readonly layers: LayerCopies;
  /** Whether the axes are coupled by bond ranks above one: the weights within layers, for which the operator was made. */
  readonly isCoupled: boolean;
  readonly source: readonly Slice[];
  readonly target: readonly Slice[];
}

/** Shapes of parameters by name. */
export type Shapes = ReadonlyMap<string, readonly number[]>;

/** How a network of one size becomes one of another. */
export interface GrowthPlan {
  readonly bundles: readonly Bundle[];
  readonly sourceShapes: Shapes;
  /** Of every parameter of the target; those in no bundle start at zero or are kept. */
  readonly targetShapes: Shapes;
  /** Parameters that the target takes over as they are. */
  readonly kept: readonly string[];
}

/** The lengths of M in the source or in the target. */
export function lengths({ axes }: Bundle, side: 'from' | 'to'): number[] {
  return axes.map((axis) => axis[side]);
}

/** The axis of that name, if the bundle has it. */
export function axisOf({ axes }: Bundle, name: AxisName): Axis | undefined {
  return axes.find((axis) => axis.name === name);
}

/** The axes that have cores, in the order of the ring. */
export function ringOf(bundle: Bundle): Axis[] {
  return RING.flatMap((name) => axisOf(bundle, name) ?? []).filter(({ core }) => core !== undefined);
}
