/** A simulation under way. */

/** The scratch game of a simulation and the nodes it went through, root first. */
export interface Leaf<G> {
  readonly game: G;
  path: Int32Array;
  length: number;
  /** The edge that leads to the leaf; −1 for the root. */
  edge: number;
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
