/**
 * The search tree as a structure of arrays: no object per node, growth by doubling.
 *
 * A node is a position that was reached; node 0 is the root and a child's index is greater than its parent's. The legal
 * actions of an expanded node are one contiguous block of edges, in action order. Values are stored for the player that
 * was to move when the tree was started (`side` is +1 at the nodes where that player moves), so backing up only adds.
 *
 * With shared statistics the tree is a graph (graph.ts): a node may have several parents, with greater indices too.
 */

import { assert } from '../core/errors.js';
import { Twins, type Sharing } from './twins.js';

/** A node without edges yet: it waits for an evaluation. */
export const UNEXPANDED = 0;
/** A node whose legal actions are edges. */
export const EXPANDED = 1;
/** A finished game. */
export const TERMINAL = 2;

/** What a tree has room for. */
export interface TreeLayout {
  readonly evenSize?: number;
  readonly hasUtility?: boolean;
  readonly sharing?: Sharing | undefined;
  /** Nodes and edges to begin with. */
  readonly nodes?: number;
  readonly edges?: number;
}

/** Search statistics; grows as needed and may be used for one game after another. */
export class Tree {
  /** Nodes in use. */
  nodeCount = 0;
  /** Edges in use. */
  edgeTotal = 0;
  /** The player (`Game.toMove`) for whom values are stored. */
  reference = 0;

  // By node.
  state: Uint8Array;
  /** +1 where the reference player moves, −1 elsewhere. */
  side: Int8Array;
  visits: Int32Array;
  /** Simulations under way through the node (virtual losses). */
  inFlight: Int32Array;
  /** Sum of the values backed up, reference player's view. */
  valueSum: Float64Array;
  /** Sum of the utilities backed up, which selection goes by; the same array as `valueSum` if there is no utility. */
  utilitySum: Float64Array;
  /** Sum of their squares. */
  squareSum: Float64Array;
  /** The evaluation's own value, or the result of a finished game, reference player's view. */
  rawValue: Float32Array;
  /** Its utility; the same array as `rawValue` if there is no utility. */
  rawUtility: Float32Array;
  firstEdge: Int32Array;
  edgeCount: Uint16Array;
  /** Auxiliary values of the node's own evaluation [nodes, auxiliarySize], as the evaluation gave them. */
  auxiliary: Float32Array;

  // By edge.
  action: Uint16Array;
  prior: Float32Array;
  /** Log of the prior. */
  logit: Float32Array;
  /** The child's node index; 0 where there is none yet. */
  child: Int32Array;
  /** Finished visits that went through the edge, where they may be fewer than the child's: with shared statistics alone. */
  edgeVisits: Int32Array | undefined;

  /** Finds positions that were reached before; undefined where nothing is shared. */
  readonly twins: Twins | undefined;
  /** Numbers kept with every node beside its value; see `SearchOptions.auxiliary`. */
  readonly auxiliarySize: number;
  /** How many of them, the first ones, do not change sign with the player; see `Auxiliary.evenSize`. */
  readonly evenSize: number;
  /** Whether utilities are kept beside values; see `SearchOptions.utility`. */
  readonly hasUtility: boolean;

  constructor(auxiliarySize = 0, layout: TreeLayout = {}) {
    const { evenSize = 0, hasUtility = false, sharing, nodes = 64, edges = 1024 } = layout;
    this.auxiliarySize = auxiliarySize;
    this.evenSize = evenSize;
    this.hasUtility = hasUtility;
    this.state = new Uint8Array(nodes);
    this.side = new Int8Array(nodes);
    this.visits = new Int32Array(nodes);
    this.inFlight = new Int32Array(nodes);
    this.valueSum = new Float64Array(nodes);
    this.utilitySum = hasUtility ? new Float64Array(nodes) : this.valueSum;
    this.squareSum = new Float64Array(nodes);
    this.rawValue = new Float32Array(nodes);
    this.rawUtility = hasUtility ? new Float32Array(nodes) : this.rawValue;
    this.firstEdge = new Int32Array(nodes);
    this.edgeCount = new Uint16Array(nodes);
    this.auxiliary = new Float32Array(nodes * auxiliarySize);
    this.action = new Uint16Array(edges);
    this.prior = new Float32Array(edges);
    this.logit = new Float32Array(edges);
    this.child = new Int32Array(edges);
    this.edgeVisits = sharing === 'statistics' ? new Int32Array(edges) : undefined;
    this.twins = sharing && new Twins(sharing);
  }

  /** Forgets everything; the arrays stay for the next game. */
  clear(): void {
    this.nodeCount = 0;
    this.edgeTotal = 0;
    this.twins?.clear();
  }

  /** Adds an unexpanded node where `toMove` moves; the first one becomes the root and names the reference player. */
  addNode(toMove: number): number {
    if (this.nodeCount === this.state.length) this.#growNodes();
    const node = this.nodeCount++;
    if (node === 0) this.reference = toMove;
    this.state[node] = UNEXPANDED;
    this.side[node] = toMove === this.reference ? 1 : -1;
    this.visits[node] = 0;
    this.inFlight[node] = 0;
    this.valueSum[node] = 0;
    this.utilitySum[node] = 0;
    this.squareSum[node] = 0;
    this.rawValue[node] = 0;
    this.rawUtility[node] = 0;
    this.firstEdge[node] = this.edgeTotal;
    this.edgeCount[node] = 0;
    return node;
  }

  /**
   * Gives `node` its edges: softmax of `logits` [actionCount] over the actions where `legal` [actionCount] is 1.
   *
   * @param legalCount ones in `legal`, at least 1
   */
  expand(node: number, legal: Uint8Array, legalCount: number, logits: ArrayLike<number>): void {
    const first = this.edgeTotal;
    while (first + legalCount > this.action.length) this.#growEdges();
    const { action, prior, logit, child } = this;
    let max = -Infinity;
    let edge = first;
    for (let a = 0; a < legal.length; a++) {
      if (legal[a] === 0) continue;
      const value = logits[a]!;
      if (value > max) max = value;
      action[edge] = a;
      logit[edge] = value;
      child[edge++] = 0;
    }
    let sum = 0;
    for (let e = first; e < edge; e++) sum += prior[e] = Math.exp(logit[e]! - max);
    // Also catches NaN, which would leave the selection without a best edge.
    assert(sum > 0, 'an evaluation gave no legal action a finite logit');
    const shift = max + Math.log(sum);
    for (let e = first; e < edge; e++) {
      prior[e] = prior[e]! / sum;
      logit[e] = Math.max(logit[e]! - shift, -1e9);
    }
    this.#endExpanding(node, edge);
  }

  /** Gives `node` the evaluation of `twin`, an expanded node with the same position. */
  copyEvaluation(twin: number, node: number): void {
    const first = this.edgeTotal;
    const [from, count] = [this.firstEdge[twin]!, this.edgeCount[twin]!];
    while (first + count > this.action.length) this.#growEdges();
    for (const array of [this.action, this.prior, this.logit]) array.copyWithin(first, from, from + count);
    this.child.fill(0, first, first + count);
    this.#endExpanding(node, first + count);
    this.rawValue[node] = this.rawValue[twin]!;
    this.rawUtility[node] = this.rawUtility[twin]!;
    const size = this.auxiliarySize;
    this.auxiliary.copyWithin(node * size, twin * size, (twin + 1) * size);
  }

  /** @param end one past the last of the edges, the first of which is at `edgeTotal` */
  #endExpanding(node: number, end: number): void {
    const first = this.edgeTotal;
    this.edgeVisits?.fill(0, first, end);
    this.edgeTotal = end;
    this.firstEdge[node] = first;
    this.edgeCount[node] = end - first;
    this.state[node] = EXPANDED;
  }

  /** Counts one more visit of `node` with `value` and its utility, reference player's view. */
  addVisit(node: number, value: number, utility = value): void {
    this.visits[node]!++;
    this.valueSum[node]! += value;
    if (this.hasUtility) this.utilitySum[node]! += utility;
    this.squareSum[node]! += utility * utility;
  }

  /** Finished visits that went through an edge. */
  visitsThrough(edge: number): number {
    const child = this.child[edge]!;
    if (child === 0) return 0;
    return this.edgeVisits ? this.edgeVisits[edge]! : this.visits[child]!;
  }

  /** Mean value of a visited node for the player who moves at `viewer`. */
  meanValue(node: number, viewer: number): number {
    return (this.side[viewer]! * this.valueSum[node]!) / this.visits[node]!;
  }

  /** Mean utility of a visited node for the player who moves at `viewer`. */
  meanUtility(node: number, viewer: number): number {
    return (this.side[viewer]! * this.utilitySum[node]!) / this.visits[node]!;
  }

  /** The edge of `node` that plays `action`, or −1. */
  findEdge(node: number, action: number): number {
    const first = this.firstEdge[node]!;
    for (let e = first; e < first + this.edgeCount[node]!; e++) if (this.action[e] === action) return e;
    return -1;
  }

  /**
   * Makes the child that `action` leads to the root and drops the rest, all statistics kept as they are. The tree is
   * empty afterwards if that child was never reached. Call between searches only.
   */
  advance(action: number): void {
    const edge = this.nodeCount > 0 ? this.findEdge(0, action) : -1;
    const root = edge < 0 ? 0 : this.child[edge]!;
    if (root === 0) this.clear();
    else this.#compact(root);
  }

  /** `root` and the nodes below it, parents before children: all lines to a node have the same length. */
  reachable(root: number): number[] {
    const { child, firstEdge, edgeCount } = this;
    const isReached = new Uint8Array(this.nodeCount);
    const nodes = [root];
    for (let i = 0; i < nodes.length; i++) {
      const first = firstEdge[nodes[i]!]!;
      for (let e = first; e < first + edgeCount[nodes[i]!]!; e++) {
        const c = child[e]!;
        if (c === 0 || isReached[c] === 1) continue;
        isReached[c] = 1;
        nodes.push(c);
      }
    }
    return nodes;
  }

  /**
   * The root takes the place of the old one, the other nodes keep their order, and edges are moved in the order in which they
   * lie, so everything only moves down.
   */
  #compact(root: number): void {
    const { child, firstEdge } = this;
    const [, ...others] = this.reachable(root);
    const kept = [root, ...others.sort((a, b) => a - b)];
    const target = new Int32Array(this.nodeCount);
    for (const [to, node] of kept.entries()) target[node] = to;
    const starts = this.#moveEdges(kept);
    for (const [to, node] of kept.entries()) {
      this.#moveNode(node, to);
      firstEdge[to] = starts[to]!;
    }
    for (let e = 0; e < this.edgeTotal; e++) if (child[e]! > 0) child[e] = target[child[e]!]!;
    this.nodeCount = kept.length;
    this.twins?.renumber(kept);
  }

  /** Moves the edges of the kept nodes to the front, and gives where those of each begin now, in the order of `kept`. */
  #moveEdges(kept: readonly number[]): Int32Array {
    const { firstEdge, edgeCount } = this;
    // Nodes are expanded in the order of their answers, which with leaves in flight is not that of the nodes.
    const order = Int32Array.from(kept, (_, i) => i);
    const isSorted = kept.every((node, i) => i === 0 || firstEdge[kept[i - 1]!]! <= firstEdge[node]!);
    if (!isSorted) order.sort((a, b) => firstEdge[kept[a]!]! - firstEdge[kept[b]!]!);
    const starts = new Int32Array(kept.length);
    let edges = 0;
    for (const i of order) {
      const from = firstEdge[kept[i]!]!;
      starts[i] = edges;
      for (let e = from; e < from + edgeCount[kept[i]!]!; e++) this.#moveEdge(e, edges++);
    }
    this.edgeTotal = edges;
    return starts;
  }

  #moveNode(from: number, to: number): void {
    this.state[to] = this.state[from]!;
    this.side[to] = this.side[from]!;
    this.visits[to] = this.visits[from]!;
    this.inFlight[to] = this.inFlight[from]!;
    this.valueSum[to] = this.valueSum[from]!;
    this.utilitySum[to] = this.utilitySum[from]!;
    this.squareSum[to] = this.squareSum[from]!;
    this.rawValue[to] = this.rawValue[from]!;
    this.rawUtility[to] = this.rawUtility[from]!;
    this.edgeCount[to] = this.edgeCount[from]!;
    const size = this.auxiliarySize;
    if (size > 0) this.auxiliary.copyWithin(to * size, from * size, (from + 1) * size);
  }

  #moveEdge(from: number, to: number): void {
    this.action[to] = this.action[from]!;
    this.prior[to] = this.prior[from]!;
    this.logit[to] = this.logit[from]!;
    this.child[to] = this.child[from]!;
    if (this.edgeVisits) this.edgeVisits[to] = this.edgeVisits[from]!;
  }

  #growNodes(): void {
    this.state = doubled(this.state);
    this.side = doubled(this.side);
    this.visits = doubled(this.visits);
    this.inFlight = doubled(this.inFlight);
    this.valueSum = doubled(this.valueSum);
    this.utilitySum = this.hasUtility ? doubled(this.utilitySum) : this.valueSum;
    this.squareSum = doubled(this.squareSum);
    this.rawValue = doubled(this.rawValue);
    this.rawUtility = this.hasUtility ? doubled(this.rawUtility) : this.rawValue;
    this.firstEdge = doubled(this.firstEdge);
    this.edgeCount = doubled(this.edgeCount);
    this.auxiliary = doubled(this.auxiliary);
  }

  #growEdges(): void {
    this.action = doubled(this.action);
    this.prior = doubled(this.prior);
    this.logit = doubled(this.logit);
    this.child = doubled(this.child);
    this.edgeVisits = this.edgeVisits && doubled(this.edgeVisits);
  }
}

interface Growable<T> {
  readonly length: number;
  readonly constructor: unknown;
  set(source: T): void;
}

function doubled<T extends Growable<T>>(array: T): T {
  const Constructor = array.constructor as new (length: number) => T;
  const larger = new Constructor(array.length * 2);
  larger.set(array);
  return larger;
}
