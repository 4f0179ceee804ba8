/** What is wrong with a data folder, gathered over many looks at it. */

import { checkFolder } from '../../src/store/sqlite/check.js';
import { inspect } from './inspect.js';
import type { Ledger } from './ledger.js';
import { findLost, findUnsent } from './verify.js';

/** Sentences, each thing once. */
export class Findings {
  readonly #ledger: Ledger;
  readonly #dataDir: string;
  readonly #checkpoints = new Map<string, number>();
  readonly lost = new Set<string>();
  readonly duplicates = new Set<string>();
  readonly orphans = new Set<string>();
  readonly corrupt = new Set<string>();
  /** Files without a row, at the last look. */
  unreferenced = 0;

  constructor(ledger: Ledger, dataDir: string) {
    this.#ledger = ledger;
    this.#dataDir = dataDir;
  }

  /** Looks at the folder, whose server is gone. */
  look(): void {
    const found = inspect(this.#dataDir);
    this.#add('lost', findLost(this.#ledger, found));
    this.#add('corrupt', [...found.corrupt, ...findUnsent(this.#ledger, found)]);
    this.#add('duplicates', found.duplicates);
    this.#add('orphans', found.orphans);
    this.unreferenced = found.unreferenced.length;
    // What was on the disk once is acknowledged, though nobody hears of a checkpoint.
    for (const [jobId, step] of found.checkpoints) {
      const before = this.#checkpoints.get(jobId) ?? 0;
      if (step < before) this.#add('lost', [`The checkpoint of ${jobId} went back from step ${before} to ${step}`]);
      this.#checkpoints.set(jobId, step);
    }
  }

  /** What `tengen store check` says of the folder at the end. */
  async check(): Promise<void> {
    const { database, orphans, corrupt, unreferenced } = await checkFolder(this.#dataDir);
    this.#add('corrupt', [...database, ...corrupt.map(({ name }) => `The file ${name} is damaged`)]);
    this.#add(
      'orphans',
      orphans.map(({ sha256, holders }) => `The file ${sha256} of ${holders.join()} is missing`),
    );
    this.unreferenced = unreferenced.length;
  }

  #add(kind: 'lost' | 'duplicates' | 'orphans' | 'corrupt', sentences: readonly string[]): void {
    for (const sentence of sentences) {
      if (this[kind].has(sentence)) continue;
      this[kind].add(sentence);
      process.stderr.write(`${kind}: ${sentence}\n`);
    }
  }
}
