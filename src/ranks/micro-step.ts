/**
 * One micro-step on one rank: forward, and backward, through all layers.
 *
 * In every layer the keys and values of sharded sequences are exchanged while the rank attends to its local ones, so the
 * time is max(exchange, local) + sharded (Skrull, NeurIPS 2025, Eq. 2). The backward pass mirrors it: keys and values are
 * gathered again while local attention is differentiated, and their gradients go back to their owners. Three exchanges a
 * layer; a rank without tokens makes them too.
 */

import type { Collective, Exchange } from './collective.js';
import type { AttentionInputs, Kernels, QueryKeyValue } from './kernels.js';
import type { AttentionBlock, Packing } from './packing.js';
import type { Rows } from './rows.js';
import type { Stopwatch } from './stopwatch.js';

/** What a micro-step works on. */
export interface MicroStepInputs {
  readonly packing: Packing;
  readonly rows: Rows;
  /** W of the global batch. */
  readonly normaliser: number;
}

/** Runs micro-steps of one rank. */
export class MicroStep {
  readonly #kernels: Kernels;
  readonly #group: Collective;
  readonly #watch: Stopwatch;

  constructor(kernels: Kernels, group: Collective, watch: Stopwatch) {
    this.#kernels = kernels;
    this.#group = group;
    this.#watch = watch;
  }

  /** Only the loss: this rank's part of Σ weight · nll / W. */
  async evaluate(inputs: MicroStepInputs): Promise<number> {
    const { x } = await this.#forward(inputs, false);
    const { packing, rows, normaliser } = inputs;
    return packing.rows === 0 ? 0 : this.#kernels.loss(x, { ...rows, normaliser });
  }

  /** Adds the gradients of the weights up in the kernels and returns this rank's part of the loss. */
  async train(inputs: MicroStepInputs): Promise<number> {
    const { packing, rows, normaliser } = inputs;
    const { x, layers } = await this.#forward(inputs, true);
    let upstream = new Float32Array(0);
    let loss = 0;
    if (packing.rows > 0) ({ loss, dx: upstream } = await this.#head(x, { ...rows, normaliser }));
    for (let layer = this.#kernels.layers - 1; layer >= 0; layer--) {
      upstream = await this.#layerBackward(layer, inputs, layers[layer]!, upstream);
      layers.pop();
    }
    if (packing.rows > 0) await this.#kernels.embedBackward(rows.tokens, upstream);
    return loss;
  }

  /** The exchanges of `train`, of zeros and with nothing between them. */
  async exchange(packing: Packing): Promise<void> {
    if (packing.gatheredRows === 0) return;
    const mine = this.#empty(packing.rows);
    const ofKeys = this.#empty(packing.gatheredRows);
    for (let layer = 0; layer < this.#kernels.layers; layer++) {
      for (let pass = 0; pass < 2; pass++) {
        const parts = await this.#await(this.#startGather(packing, mine)!);
        this.#assemble(packing, parts);
      }
      const parts = packing.runsOfRank.map((runs) => this.#runsToPart(runs, ofKeys));
      await this.#await(this.#group.reduceScatterV(parts));
    }
  }

  async #head(
    x: Float32Array,
    targets: Rows & { normaliser: number },
  ): Promise<{ loss: number; dx: Float32Array<ArrayBuffer> }> {
    const { loss, dx } = await this.#kernels.lossBackward(x, targets);
    return { loss, dx: dx as Float32Array<ArrayBuffer> };
  }

  async #forward(inputs: MicroStepInputs, keep: boolean): Promise<{ x: Float32Array; layers: KeptLayer[] }> {
    const { packing, rows } = inputs;
    const kernels = this.#kernels;
    const layers: KeptLayer[] = [];
    let x: Float32Array = packing.rows > 0 ? await kernels.embed(rows.tokens) : new Float32Array(0);
    for (let layer = 0; layer < kernels.layers; layer++) {
      const projected = packing.rows > 0 ? await kernels.project(layer, x, rows.positions) : nothing;
      const o = await this.#attention(inputs, projected);
      if (keep) layers.push({ x, o, ...projected });
      if (packing.rows > 0) x = await kernels.finish(layer, x, o);
    }
    return { x, layers };
  }

  async #attention({ packing, rows }: MicroStepInputs, projected: QueryKeyValue): Promise<Float32Array> {
    const exchange = this.#startGather(packing, projected);
    const width = this.#kernels.queryHidden;
    const o = new Float32Array(packing.rows * width);
    for (const block of packing.localBlocks) {
      o.set(await this.#kernels.attend(this.#localInputs(block, rows, projected)), block.queryStart * width);
    }
    if (!exchange) return o;
    const gathered = this.#assemble(packing, await this.#await(exchange));
    this.#watch.begin('distributed');
    for (const block of packing.shardedBlocks) {
      const inputs = this.#shardedInputs(block, rows, projected, gathered);
      o.set(await this.#kernels.attend(inputs), block.queryStart * width);
    }
    this.#watch.begin('local');
    return o;
  }

  async #layerBackward(
    layer: number,
    inputs: MicroStepInputs,
    kept: KeptLayer,
    upstream: Float32Array,
  ): Promise<Float32Array<ArrayBuffer>> {
    const { packing, rows } = inputs;
    const kernels = this.#kernels;
    const exchange = this.#startGather(packing, kept);
    const finished =
      packing.rows > 0
        ? await kernels.finishBackward(layer, kept.x, kept.o, upstream)
        : { dx: new Float32Array(0), dO: new Float32Array(0) };
    const gradient = this.#empty(packing.rows);
    for (const block of packing.localBlocks) {
      const part = await kernels.attendBackward(
        this.#localInputs(block, rows, kept),
        rowsOf(finished.dO, kernels.queryHidden, block.queryStart, block.queryEnd),
      );
      this.#addPart(gradient, block, part, gradient);
    }
    if (exchange) await this.#shardedBackward(inputs, kept, { exchange, dO: finished.dO, gradient });
    if (packing.rows === 0) return new Float32Array(0);
    const dx = await kernels.projectBackward(layer, kept.x, rows.positions, gradient);
    addTo(dx, 0, finished.dx);
    return dx as Float32Array<ArrayBuffer>;
  }

  /** Adds the gradients of the sharded sequences to `gradient`, having sent those of keys and values to their owners. */
  async #shardedBackward(
    { packing, rows }: MicroStepInputs,
    kept: KeptLayer,
    {
      exchange,
      dO,
      gradient,
    }: { exchange: Exchange<readonly Float32Array[]>; dO: Float32Array; gradient: QueryKeyValue },
  ): Promise<void> {
    const { queryHidden, keyValueHidden } = this.#kernels;
    const gathered = this.#assemble(packing, await this.#await(exchange));
    this.#watch.begin('distributed');
    const ofKeys = this.#empty(packing.gatheredRows);
    for (const block of packing.shardedBlocks) {
      const part = await this.#kernels.attendBackward(
        this.#shardedInputs(block, rows, kept, gathered),
        rowsOf(dO, queryHidden, block.queryStart, block.queryEnd),
      );
      this.#addPart(gradient, block, part, ofKeys);
    }
    this.#watch.begin('local');
    const parts = packing.runsOfRank.map((runs) => this.#runsToPart(runs, ofKeys));
    const mine = await this.#await(this.#group.reduceScatterV(parts));
    const half = mine.length / 2;
    const start = packing.localRows * keyValueHidden;
    gradient.k.set(mine.subarray(0, half), start);
    gradient.v.set(mine.subarray(half), start);
  }

  /** Undefined if the micro-batch has no sharded sequence: then no member exchanges anything. */
  #startGather({ gatheredRows, localRows }: Packing, { k, v }: QueryKeyValue) {
    if (gatheredRows === 0) return undefined;
    const start = localRows * this.#kernels.keyValueHidden;
    return this.#group.allGatherV(concatenate(k.subarray(start), v.subarray(start)));
  }

  async #await<T>(exchange: Exchange<T>): Promise<T> {
    this.#watch.begin('waiting');
    const result = await exchange.wait();
    this.#watch.begin('local');
    return result;
  }

  /** Keys and values of whole sequences from the members' parts. */
  #assemble(
    { gatheredRows, runsOfRank }: Packing,
    parts: readonly Float32Array[],
  ): { k: Float32Array; v: Float32Array } {
    const width = this.#kernels.keyValueHidden;
    const k = new Float32Array(gatheredRows * width);
    const v = new Float32Array(gatheredRows * width);
    parts.forEach((part, member) => {
      const half = part.length / 2;
      let at = 0;
      for (const { row, count } of runsOfRank[member]!) {
        const length = count * width;
        k.set(part.subarray(at, at + length), row * width);
        v.set(part.subarray(half + at, half + at + length), row * width);
        at += length;
      }
    });
    return { k, v };
  }

  #runsToPart(runs: readonly { row: number; count: number }[], { k, v }: QueryKeyValue): Float32Array {
    const width = this.#kernels.keyValueHidden;
    const half = runs.reduce((sum, { count }) => sum + count, 0) * width;
    const part = new Float32Array(2 * half);
    let at = 0;
    for (const { row, count } of runs) {
      part.set(rowsOf(k, width, row, row + count), at);
      part.set(rowsOf(v, width, row, row + count), half + at);
      at += count * width;
    }
    return part;
  }

  #localInputs(block: AttentionBlock, rows: Rows, { q, k, v }: QueryKeyValue): AttentionInputs {
    const { queryStart, queryEnd, keyStart, keyEnd } = block;
    const { queryHidden, keyValueHidden } = this.#kernels;
    return {
      q: rowsOf(q, queryHidden, queryStart, queryEnd),
      k: rowsOf(k, keyValueHidden, keyStart, keyEnd),
      v: rowsOf(v, keyValueHidden, keyStart, keyEnd),
      queryPositions: rows.positions.subarray(queryStart, queryEnd),
      querySegments: rows.segments.subarray(queryStart, queryEnd),
      keyPositions: rows.positions.subarray(keyStart, keyEnd),
      keySegments: rows.segments.subarray(keyStart, keyEnd),
    };
  }

  #shardedInputs(
    { queryStart, queryEnd, keyStart, keyEnd }: AttentionBlock,
    rows: Rows,
    { q }: QueryKeyValue,
    gathered: { readonly k: Float32Array; readonly v: Float32Array },
  ): AttentionInputs {
    const { queryHidden, keyValueHidden } = this.#kernels;
    return {
      q: rowsOf(q, queryHidden, queryStart, queryEnd),
      k: rowsOf(gathered.k, keyValueHidden, keyStart, keyEnd),
      v: rowsOf(gathered.v, keyValueHidden, keyStart, keyEnd),
      queryPositions: rows.positions.subarray(queryStart, queryEnd),
      querySegments: rows.segments.subarray(queryStart, queryEnd),
      // Gathered sequences are whole, and a block is of one of them.
      keyPositions: Int32Array.from({ length: keyEnd - keyStart }, (_, i) => i),
      keySegments: new Int32Array(keyEnd - keyStart).fill(rows.segments[queryStart]!),
    };
  }

  /** Adds what a block gives to the rows of its queries in `ofQueries` and of its keys in `ofKeys`. */
  #addPart(ofQueries: QueryKeyValue, block: AttentionBlock, part: QueryKeyValue, ofKeys: QueryKeyValue): void {
    const { queryHidden, keyValueHidden } = this.#kernels;
    addTo(ofQueries.q, block.queryStart * queryHidden, part.q);
    addTo(ofKeys.k, block.keyStart * keyValueHidden, part.k);
    addTo(ofKeys.v, block.keyStart * keyValueHidden, part.v);
  }

  #empty(rows: number): QueryKeyValue {
    const { queryHidden, keyValueHidden } = this.#kernels;
    return {
      q: new Float32Array(rows * queryHidden),
      k: new Float32Array(rows * keyValueHidden),
      v: new Float32Array(rows * keyValueHidden),
    };
  }
}

/** What the backward pass needs of a layer. */
interface KeptLayer extends QueryKeyValue {
  readonly x: Float32Array;
  readonly o: Float32Array;
}

const nothing: QueryKeyValue = { q: new Float32Array(0), k: new Float32Array(0), v: new Float32Array(0) };

function rowsOf(matrix: Float32Array, width: number, start: number, end: number): Float32Array {
  return matrix.subarray(start * width, end * width);
}

function concatenate(a: Float32Array, b: Float32Array): Float32Array {
  const both = new Float32Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

function addTo(total: Float32Array, at: number, part: Float32Array): void {
  for (let i = 0; i < part.length; i++) total[at + i] = total[at + i]! + part[i]!;
}
