/** Everything at once against one server, for as long as it lives. */

import { Connection } from '../../clients/shared/connection.js';
import { AppError } from '../../src/core/errors.js';
import type { Rng } from '../../src/core/rng.js';
import { JobLoad } from './job-load.js';
import type { Ledger } from './ledger.js';
import { RandomWorker } from './random-worker.js';
import { repeat, type Life } from './repeat.js';
import { importDataset, ModelUploads } from './uploads.js';

/** Games by workers that play at random, uploads, promotions and jobs; what outlives a server is in here. */
export class Load {
  readonly #ledger: Ledger;
  readonly #rng: Rng;
  readonly #workers = [0, 1].map((number) => new RandomWorker(`random-${number}`));
  readonly #uploads = new ModelUploads();
  readonly #jobs = new JobLoad();
  /** Errors that a kill does not explain. */
  readonly surprises: string[] = [];

  constructor(ledger: Ledger, rng: Rng) {
    this.#ledger = ledger;
    this.#rng = rng;
  }

  /** Bears down on the server of this address until `signal` aborts. */
  async run(address: string, signal: AbortSignal): Promise<void> {
    const connection = new Connection({ address });
    const life: Life = { connection, ledger: this.#ledger, rng: this.#rng, signal };
    const surprised = (error: unknown): void => {
      const { message } = AppError.from(error);
      this.surprises.push(message);
      process.stderr.write(`surprise: ${message}\n`);
    };
    const activities: readonly (readonly [number, () => Promise<void>])[] = [
      ...this.#workers.map((worker) => [50, () => worker.work(life)] as const),
      [150, () => this.#uploads.step(life)],
      [150, () => importDataset(life)],
      [500, () => this.#jobs.keepTraining(life)],
      [500, () => this.#jobs.toggle(life)],
      [300, () => this.#jobs.grow(life)],
    ];
    await Promise.all(activities.map(([ms, step]) => repeat(life, ms, step, surprised)));
    connection.close();
  }
}
