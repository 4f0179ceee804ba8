/** Which version a game starts with: the newest that this worker has heard of. */

/** The newest version of each job, and how many came before it. */
export class ModelVersions {
  readonly #newest = new Map<string, string>();
  readonly #counts = new Map<string, number>();
  readonly #seen = new Set<string>();

  /** The server says that this version is the newest. */
  announce(jobId: string, version: string): void {
    if (!this.#seen.has(version)) this.#counts.set(jobId, this.count(jobId) + 1);
    this.#seen.add(version);
    this.#newest.set(jobId, version);
  }

  /** Versions of a job that this worker has heard of. */
  count(jobId: string): number {
    return this.#counts.get(jobId) ?? 0;
  }

  /** The version to play a lease with: its own if it is new to us, since a game leased again may name an old one. */
  forLease(jobId: string, version: string): string {
    if (!this.#seen.has(version)) this.announce(jobId, version);
    return this.#newest.get(jobId) ?? version;
  }
}
