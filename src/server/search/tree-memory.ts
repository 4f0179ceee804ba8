/** How large search trees may get: memory is granted before a search, by the visits that it asks for. */

import { AppError } from '../../core/errors.js';
import { auxiliarySizeOf } from '../../player/opinion-of-tree.js';

/** Of a node of a search tree without auxiliary values, and of an edge (search/tree.ts). */
const NODE_BYTES = 50;
const EDGE_BYTES = 14;
/** More of both where transpositions share: keys of positions, visits of edges (search/twins.ts). */
const SHARED_NODE_BYTES = 24;
const SHARED_EDGE_BYTES = 4;
/** A tree's arrays double when they are full. */
const GROWTH = 2;
/** Fewer visits than this are no search; one that cannot have them is refused. */
const FEWEST_VISITS = 100;
/** Part of what is free that one search may have: most take far less than they ask for, and others come after it. */
const SHARE = 0.5;

/** Memory of a visit: a node, and an edge for each action. @param size points on a side @param shares whether transpositions share */
export function bytesPerVisit(size: number, ownership: boolean, shares = false): number {
  const node = NODE_BYTES + (shares ? SHARED_NODE_BYTES : 0) + 4 * auxiliarySizeOf(size, ownership);
  const edge = EDGE_BYTES + (shares ? SHARED_EDGE_BYTES : 0);
  return GROWTH * (node + edge * (size * size + 1));
}

/** Who has a tree. */
export interface TreeHolder {
  readonly client: string;
  /** Whether no search uses the tree now. */
  readonly isIdle: boolean;
  /** Frees the tree, which is idle. */
  forget(): void;
}

/** Memory for trees, in all and by client. Trees that no search uses give way to those of new searches. */
export class TreeMemory {
  /** Bytes that may be granted. */
  readonly total: number;
  readonly #perClient: number;
  /** By holder, in bytes; the one that was granted memory longest ago first. */
  readonly #held = new Map<TreeHolder, number>();
  readonly #byClient = new Map<string, number>();
  #used = 0;

  /** In bytes, both. */
  constructor(total: number, perClient: number) {
    this.total = total;
    this.#perClient = Math.min(total, perClient);
  }

  /** Bytes that are granted now. */
  get used(): number {
    return this.#used;
  }

  /**
   * Grants memory for a tree, instead of what the holder has; what the holder has stays if it is more.
   *
   * @returns visits for which it suffices: as many as wanted, if they take at most half of what is free or are few
   * @throws AppError 'resource-exhausted' if there is hardly any
   */
  grant(holder: TreeHolder, visits: number, perVisit: number): number {
    const before = this.heldBy(holder);
    const wanted = Math.max(before, visits * perVisit);
    this.keep(holder, 0);
    this.#makeRoom(wanted, holder.client);
    const free = this.#free(holder.client);
    const share = Math.max(SHARE * free, Math.min(free, FEWEST_VISITS * perVisit));
    const bytes = Math.max(before, Math.min(wanted, share));
    const granted = Math.min(visits, Math.floor(bytes / perVisit));
    if (granted < Math.min(visits, FEWEST_VISITS)) {
      const full = this.#full(holder.client);
      this.keep(holder, before);
      throw full;
    }
    this.keep(holder, bytes);
    return granted;
  }

  /** Bytes that a holder has. */
  heldBy(holder: TreeHolder): number {
    return this.#held.get(holder) ?? 0;
  }

  /** Leaves a holder with so many bytes; none once its tree is gone. */
  keep(holder: TreeHolder, bytes: number): void {
    const { client } = holder;
    const change = bytes - this.heldBy(holder);
    this.#used += change;
    const own = this.#usedBy(client) + change;
    this.#byClient.set(client, own);
    if (own === 0) this.#byClient.delete(client);
    this.#held.delete(holder);
    if (bytes > 0) this.#held.set(holder, bytes);
  }

  #usedBy(client: string): number {
    return this.#byClient.get(client) ?? 0;
  }

  #free(client: string): number {
    return Math.min(this.#perClient - this.#usedBy(client), this.total - this.#used);
  }

  /** Has idle trees forgotten until `bytes` fit or none is left: the client's own, then others if they keep it from its share. */
  #makeRoom(bytes: number, client: string): void {
    for (const holder of [...this.#held.keys()]) {
      if (this.#free(client) >= bytes) return;
      if (holder.client === client) this.#forget(holder);
    }
    for (const holder of [...this.#held.keys()]) {
      if (this.total - this.#used >= Math.min(bytes, this.#perClient - this.#usedBy(client))) return;
      if (holder.client !== client) this.#forget(holder);
    }
  }

  #forget(holder: TreeHolder): void {
    if (!holder.isIdle) return;
    this.keep(holder, 0);
    holder.forget();
  }

  #full(client: string): AppError {
    const megabytes = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MiB`;
    return new AppError(
      'resource-exhausted',
      `The memory for search trees is full: client '${client}' uses ${megabytes(this.#usedBy(client))} of ` +
        `${megabytes(this.#perClient)}, all clients use ${megabytes(this.#used)} of ${megabytes(this.total)}; ` +
        'try again when a search has ended',
    );
  }
}
