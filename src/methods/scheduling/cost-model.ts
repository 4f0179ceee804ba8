/**
 * The performance model of one micro-step (Skrull, NeurIPS 2025, Eq. 1 to 5 and 12 to 16).
 *
 * Symbols of the paper: S length of a sequence; N context-parallel degree; D the sharded sequences of a micro-batch, P the
 * local ones; FLOPs(S) = (20h² + 4h·h_kv)·S + 4h·S² a layer forward (Eq. 13), which here is a linear and an attention
 * coefficient, each to be measured. Times are milliseconds of a whole micro-step, all layers, forward and backward.
 */

/** Measured constants of a rank and its group; every one at least 0. `fitCostModel` makes them from samples. */
export interface CostModel {
  /** α of Eq. 14 for the layers that are linear in the tokens: ms for each token on a rank. */
  readonly linearMs: number;
  /** α of Eq. 14 for attention: ms for each squared token of a whole causal sequence. */
  readonly attentionMs: number;
  /** Tokens in a rank's part of a sequence at which attention runs at half its speed; what makes small shards dear. */
  readonly attentionHalfTokens: number;
  /** β of Eq. 14: ms that the local part of a micro-step takes beside its tokens, and again the sharded part. */
  readonly computeMs: number;
  /** α_t of Eq. 16: ms to exchange the keys and values (and their gradients) of one token of a sharded sequence. */
  readonly exchangeMsPerToken: number;
  /** β_t of Eq. 16: ms of the exchanges of a micro-step beside their volume. */
  readonly exchangeMs: number;
  /** T_fixed of Eq. 16: exchanges take no less than this. V₀ is where it meets the line. */
  readonly exchangeFloorMs: number;
  /** A micro-step takes no less than this (kernel launches); an exchange that nothing overlaps comes on top. */
  readonly microBatchMs: number;
  /** What a step takes beside its micro-steps (all-reduce of the gradients, optimizer). */
  readonly stepMs: number;
}

/** Lengths of the model that Eq. 13 needs. */
export interface LayerShape {
  /** h */
  readonly hidden: number;
  /** h_kv: key/value heads × head size. */
  readonly keyValueHidden: number;
}

/** The linear part of Eq. 13: FLOPs for each token, of one layer forward. */
export function linearFlops({ hidden, keyValueHidden }: LayerShape): number {
  return 20 * hidden * hidden + 4 * hidden * keyValueHidden;
}

/** The quadratic part of Eq. 13: FLOPs for each squared token, of one layer forward, without the causal half. */
export function attentionFlops({ hidden }: LayerShape): number {
  return 4 * hidden;
}

/** T_comp (Eq. 14) of one local sequence without β, ms; also the weight by which sequences are balanced. */
export function sequenceMs(cost: CostModel, length: number): number {
  return length * (cost.linearMs + cost.attentionMs * (length + cost.attentionHalfTokens));
}

/** T_comp of one sequence sharded over `ranks` without β, ms on each rank (the FLOPs(S, N) of Eq. 4). */
export function shardMs(cost: CostModel, length: number, ranks: number): number {
  const whole = length * (cost.linearMs + cost.attentionMs * length);
  return whole / ranks + length * cost.attentionMs * cost.attentionHalfTokens;
}

/** T_comm (Eq. 16) for all sharded sequences of a micro-batch together, ms; 0 for none. */
export function exchangeMs(cost: CostModel, shardedTokens: number): number {
  if (shardedTokens === 0) return 0;
  return Math.max(cost.exchangeFloorMs, cost.exchangeMs + cost.exchangeMsPerToken * shardedTokens);
}

/** Sums over the sharded sequences of a micro-batch, and the largest sum over the local ones of a rank. */
export interface MicroBatchLoad {
  /** Σ `sequenceMs` of the rank that has most. */
  readonly localMs: number;
  /** Σ `shardMs`. */
  readonly shardedMs: number;
  readonly shardedTokens: number;
}

/** T_DACP (Eq. 1 and 2): max over ranks of max(T_comm, T_comp(local)) + T_comp(sharded), not below the launch floor. */
export function microBatchMs(cost: CostModel, { localMs, shardedMs, shardedTokens }: MicroBatchLoad): number {
  const exchange = exchangeMs(cost, shardedTokens);
  const local = localMs > 0 ? localMs + cost.computeMs : 0;
  const sharded = shardedTokens > 0 ? shardedMs + cost.computeMs : 0;
  const floor = cost.microBatchMs + (localMs > 0 ? 0 : exchange);
  return Math.max(Math.max(exchange, local) + sharded, floor);
}
