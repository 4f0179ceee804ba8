/** Simulations under way. */

/** The scratch game of a simulation and the nodes it went through, root first. */
export interface Leaf<G> {
  readonly game: G;
  path: Int32Array;
  length: number;
  /** The edge that leads to the leaf; −1 for the root. */
  edge: number;
  /** Where the leaf stands among those that are out. */
  place: number;
}

/** Adds a node at the end of a path, which grows as it must. */
export function append<G>(leaf: Leaf<G>, node: number): void {
  if (leaf.length === leaf.path.length) {
    const longer = new Int32Array(leaf.length * 2);
    longer.set(leaf.path);
    leaf.path = longer;
  }
  leaf.path[leaf.length++] = node;
}

/** Leaves that are used again, so that a search allocates only as many as it has in flight at once. */
export class LeafPool<G extends { clone(): G }> {
  readonly #root: G;
  readonly #out: Leaf<G>[] = [];
  readonly #spare: Leaf<G>[] = [];

  /** @param root what a new leaf's game is a copy of */
  constructor(root: G) {
    this.#root = root;
  }

  /** Leaves taken and not put back. */
  get out(): number {
    return this.#out.length;
  }

  take(): Leaf<G> {
    const fresh = (): Leaf<G> => ({
      game: this.#root.clone(),
      path: new Int32Array(32),
      length: 0,
      edge: -1,
      place: 0,
    });
    const leaf = this.#spare.pop() ?? fresh();
    leaf.place = this.#out.length;
    this.#out.push(leaf);
    return leaf;
  }

  putBack(leaf: Leaf<G>): void {
    const last = this.#out.pop()!;
    if (last !== leaf) {
      this.#out[leaf.place] = last;
      last.place = leaf.place;
    }
    this.#spare.push(leaf);
  }

  /** Puts back all that are out, and gives them; they are valid until the next `take`. */
  takeAll(): readonly Leaf<G>[] {
    const all = this.#out.splice(0);
    this.#spare.push(...all);
    return all;
  }
}
