/** Finds the nodes of a tree by the keys of their positions: nodes with equal keys are twins. */

/** What positions share that were reached by another order of moves: their evaluation, or all that is known of them. */
export type Sharing = 'evaluations' | 'statistics';

/** Keys of nodes, and a table of open addressing from keys to nodes. The root is in no table: no line comes back to it. */
export class Twins {
  readonly share: Sharing;
  /** Two words of the key a node. */
  #keys = new Int32Array(128);
  /** Nodes; 0 where there is none. */
  #slots = new Int32Array(128);
  #count = 0;

  constructor(share: Sharing) {
    this.share = share;
  }

  /** Forgets everything. */
  clear(): void {
    this.#slots.fill(0);
    this.#count = 0;
  }

  /** The node that was added last with this key; 0 if there is none. */
  find(low: number, high: number): number {
    return this.#slots[this.#slotOf(low, high)]!;
  }

  /** Keeps a node other than the root. */
  add(node: number, low: number, high: number): void {
    while (2 * node >= this.#keys.length) this.#growKeys();
    this.#keys[2 * node] = low;
    this.#keys[2 * node + 1] = high;
    this.#put(node);
  }

  /** Follows a tree whose nodes have moved. @param kept old numbers of the nodes, by their new ones */
  renumber(kept: readonly number[]): void {
    const keys = this.#keys;
    this.#keys = new Int32Array(keys.length);
    this.clear();
    for (const [node, old] of kept.entries()) if (node > 0) this.add(node, keys[2 * old]!, keys[2 * old + 1]!);
  }

  #put(node: number): void {
    const slot = this.#slotOf(this.#keys[2 * node]!, this.#keys[2 * node + 1]!);
    if (this.#slots[slot] === 0) this.#count++;
    this.#slots[slot] = node;
    if (2 * this.#count > this.#slots.length) this.#growSlots();
  }

  /** Where a key is, or belongs. */
  #slotOf(low: number, high: number): number {
    const [slots, keys] = [this.#slots, this.#keys];
    const mask = slots.length - 1;
    let slot = (low ^ (low >>> 16)) & mask;
    for (let node = slots[slot]!; node !== 0; node = slots[slot]!) {
      if (keys[2 * node] === low && keys[2 * node + 1] === high) break;
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  #growKeys(): void {
    const keys = new Int32Array(this.#keys.length * 2);
    keys.set(this.#keys);
    this.#keys = keys;
  }

  #growSlots(): void {
    const nodes = this.#slots.filter((node) => node !== 0);
    this.#slots = new Int32Array(this.#slots.length * 2);
    this.#count = 0;
    for (const node of nodes) this.#put(node);
  }
}
