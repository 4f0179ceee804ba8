/**
 * What one rank holds of a micro-batch, as one packed matrix: first its local sequences, then its zig-zag shards of the
 * sharded ones, a row for every token. Every rank works this out for itself from the plan, so that they agree on who
 * sends what without a word.
 */

import { type MicroBatch, SHARDED } from '../methods/scheduling/plan.js';
import { zigZagShards } from '../methods/scheduling/shards.js';

/** Consecutive rows of a rank: positions `start` to `end` (exclusive) of a sequence. */
export interface Piece {
  /** Index into the lengths of the step. */
  readonly sequence: number;
  readonly start: number;
  readonly end: number;
  /** The first row. */
  readonly row: number;
}

/**
 * One call of the attention: `queries` rows of the rank see `keys` rows, of the rank itself (local) or of the gathered
 * sequences (sharded). Which of them a query sees follows from positions and sequences.
 */
export interface AttentionBlock {
  readonly queryStart: number;
  readonly queryEnd: number;
  readonly keyStart: number;
  readonly keyEnd: number;
}

/** A sharded sequence among the gathered rows, where it is whole and in order. */
export interface GatheredSequence {
  readonly sequence: number;
  readonly row: number;
  readonly length: number;
}

/** A rank's part of a micro-batch. */
export interface Packing {
  /** Tokens on the rank. */
  readonly rows: number;
  /** Rows of local sequences, which come first. */
  readonly localRows: number;
  readonly pieces: readonly Piece[];
  readonly localBlocks: readonly AttentionBlock[];
  readonly shardedBlocks: readonly AttentionBlock[];
  readonly gathered: readonly GatheredSequence[];
  /** Sum of their lengths; 0 where nothing is exchanged, which is then so on every rank of the group. */
  readonly gatheredRows: number;
  /** For every rank of the group, where its rows of the exchange go in the gathered rows, in its own order. */
  readonly runsOfRank: readonly (readonly { readonly row: number; readonly count: number }[])[];
}

/** Local sequences are attended together up to this many rows: below it a call costs more than what it computes. */
const PACKED_ROWS = 96;
/** Queries of a longer sequence are attended in blocks of this size, each with the keys up to its last: half the work. */
export const QUERY_ROWS = 256;

/** Packs what context-parallel rank `rank` of `ranks` holds of `batch`. `lengths` are those of the whole step. */
export function packRank(batch: MicroBatch, lengths: ArrayLike<number>, ranks: number, rank: number): Packing {
  const pieces: Piece[] = [];
  let rows = 0;
  const add = (sequence: number, start: number, end: number): void => {
    pieces.push({ sequence, start, end, row: rows });
    rows += end - start;
  };
  const sequences = batch.sequences.map((sequence, i) => ({ sequence, placement: batch.placements[i]! }));
  // Short ones side by side, so that they can share a block of the attention.
  const local = sequences.filter(({ placement }) => placement === rank).map(({ sequence }) => sequence);
  local.sort((a, b) => lengths[a]! - lengths[b]! || a - b);
  for (const sequence of local) add(sequence, 0, lengths[sequence]!);
  const localRows = rows;
  const localCount = pieces.length;
  const gathered: GatheredSequence[] = [];
  let gatheredRows = 0;
  for (const { sequence, placement } of sequences) {
    if (placement !== SHARDED) continue;
    const length = lengths[sequence]!;
    gathered.push({ sequence, row: gatheredRows, length });
    gatheredRows += length;
    for (const { start, end } of zigZagShards(length, ranks, rank)) add(sequence, start, end);
  }
  const offsets = new Map(gathered.map(({ sequence, row }) => [sequence, row]));
  return {
    rows,
    localRows,
    pieces,
    gathered,
    gatheredRows,
    localBlocks: blocksOfLocal(pieces.slice(0, localCount)),
    shardedBlocks: pieces.slice(localCount).flatMap((piece) => causalBlocks(piece, offsets.get(piece.sequence)!)),
    runsOfRank: Array.from({ length: ranks }, (_, member) => runsOf(gathered, ranks, member)),
  };
}

function runsOf(
  gathered: readonly GatheredSequence[],
  ranks: number,
  member: number,
): { readonly row: number; readonly count: number }[] {
  return gathered.flatMap(({ row, length }) =>
    zigZagShards(length, ranks, member).map(({ start, end }) => ({ row: row + start, count: end - start })),
  );
}

/** Neighbouring short sequences share a block; longer ones are alone. */
function blocksOfLocal(pieces: readonly Piece[]): AttentionBlock[] {
  const blocks: AttentionBlock[] = [];
  let open: { start: number; end: number } | undefined;
  const close = (): void => {
    if (open) blocks.push({ queryStart: open.start, queryEnd: open.end, keyStart: open.start, keyEnd: open.end });
    open = undefined;
  };
  for (const piece of pieces) {
    const length = piece.end - piece.start;
    if (open && open.end - open.start + length > PACKED_ROWS) close();
    if (length > PACKED_ROWS) blocks.push(...causalBlocks(piece, piece.row));
    else open = { start: open?.start ?? piece.row, end: piece.row + length };
  }
  close();
  return blocks;
}

/** @param keyRow the row of the sequence's position 0 among the keys */
function causalBlocks({ start, end, row }: Piece, keyRow: number): AttentionBlock[] {
  const blocks: AttentionBlock[] = [];
  const count = Math.ceil((end - start) / QUERY_ROWS);
  for (let i = 0; i < count; i++) {
    const first = start + Math.floor(((end - start) * i) / count);
    const last = start + Math.floor(((end - start) * (i + 1)) / count);
    blocks.push({
      queryStart: row + first - start,
      queryEnd: row + last - start,
      keyStart: keyRow,
      keyEnd: keyRow + last,
    });
  }
  return blocks;
}
