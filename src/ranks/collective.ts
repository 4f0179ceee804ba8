/**
 * What ranks say to each other: the exchanges of a group, all of whose members make the same calls in the same order.
 * shared-memory.ts is the implementation for threads of one process; another transport implements the same interface.
 */

/** An exchange under way: this rank's part is on its way, the others' may be. At most one is open in a group. */
export interface Exchange<T> {
  /**
   * Resolves once every member has contributed. What it gives is only valid until the next exchange but one is begun.
   *
   * @throws AppError 'unavailable' if a member is gone, 'cancelled' if the group was cancelled
   */
  wait(): Promise<T>;
}

/** A member's view of its group. Results are the same bits however the members are timed: sums go in order of rank. */
export interface Collective {
  /** This member, from 0. */
  readonly rank: number;
  readonly size: number;
  /** Gives every member the parts of all, in order of rank. Parts may have any lengths, 0 among them. */
  allGatherV(part: Float32Array): Exchange<readonly Float32Array[]>;
  /**
   * Gives every member the sum of the parts that are meant for it.
   *
   * @param parts for each member; all contributions to one member have the same length
   */
  reduceScatterV(parts: readonly Float32Array[]): Exchange<Float32Array>;
  /** Replaces `values` by their sum over all members, which all pass the same length. */
  allReduce(values: Float32Array): Promise<void>;
  /** Resolves once every member has come here. */
  barrier(): Promise<void>;
}

/** The range of `length` elements that `rank` of `size` sums or updates: nearly equal shares in order of rank. */
export function shareOf(length: number, size: number, rank: number): { start: number; end: number } {
  return { start: Math.floor((length * rank) / size), end: Math.floor((length * (rank + 1)) / size) };
}
