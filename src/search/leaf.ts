/** Simulations under way. */

/** The scratch game of a simulation and the nodes it went through, root first. */
export interface Leaf<G> {
  readonly game: G;
  path: Int32Array;
  /** The edges that led to the nodes of the path; −1 for the root. */
  edges: Int32Array;
  length: number;
  /** Where the leaf stands among those that are out. */
  place: number;
}

/** Begins the path at the root. */
export function begin<G>(leaf: Leaf<G>): void {
  leaf.path[0] = 0;
  leaf.edges[0] = -1;
  leaf.length = 1;
}

/** Adds a node, and the edge that led to it, at the end of a path, which grows as it must. */
export function append<G>(leaf: Leaf<G>, node: number, edge: number): void {
  if (leaf.length === leaf.path.length) {
    leaf.path = longer(leaf.path);
    leaf.edges = longer(leaf.edges);
  }
  leaf.path[leaf.length] = node;
  leaf.edges[leaf.length++] = edge;
}

function longer(array: Int32Array): Int32Array {
  const doubled = new Int32Array(array.length * 2);
  doubled.set(array);
  return doubled;
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
      edges: new Int32Array(32),
      length: 0,
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
