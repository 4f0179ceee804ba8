/** The bundled workers: `tengen worker` as it is. What is acknowledged to them is in their logs. */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Rng } from '../../src/core/rng.js';
import { Tengen } from '../processes/tengen.js';
import type { Ledger } from './ledger.js';

const aim = new URL('./aim.js', import.meta.url);
const GAMES = 8;

/** Worker processes that are started again when they end. */
export class Crew {
  readonly #folder: string;
  readonly #address: string;
  readonly #rng: Rng;
  readonly #workers: Tengen[];
  readonly #read: number[];
  #isOver = false;
  /** Workers that were killed. */
  kills = 0;
  /** Workers that ended in another way. */
  failures = 0;

  /** @param folder where their logs are */
  constructor(folder: string, address: string, options: { readonly workers: number; readonly rng: Rng }) {
    this.#folder = folder;
    this.#address = address;
    this.#rng = options.rng;
    this.#read = Array.from({ length: options.workers }, () => 0);
    this.#workers = this.#read.map((_, number) => this.#start(number));
  }

  /** Ends one of them. */
  kill(): void {
    void this.#workers[this.#rng.int(this.#workers.length)]?.end('SIGKILL');
  }

  /** Ends all. */
  async stop(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#workers.map((worker) => worker.end('SIGKILL')));
  }

  /** Enters what their logs have that is new. */
  readLogs(ledger: Ledger): void {
    for (const [number, from] of this.#read.entries()) {
      const log = this.#log(number);
      if (!existsSync(log)) continue;
      const text = readFileSync(log, 'utf8');
      const end = text.lastIndexOf('\n') + 1;
      this.#read[number] = end;
      for (const line of text.slice(from, end).split('\n')) {
        if (!line.includes('"msg":"game-stored"')) continue;
        const { time, gameId } = JSON.parse(line) as { time: number; gameId: string };
        if (!ledger.has(`game ${gameId}`)) ledger.acked(`game ${gameId}`, undefined, time + 1);
      }
    }
  }

  #log(number: number): string {
    return join(this.#folder, `worker-${number}.log`);
  }

  #start(number: number): Tengen {
    const args = ['worker', '--address', this.#address, '--games', String(GAMES), '--name', `bundled-${number}`];
    // One in two dies by itself: with an acknowledgement received and not written down.
    const env = this.#rng.float() < 0.5 ? { KILL_AT: `stored:${1 + this.#rng.int(200)}` } : {};
    const worker = new Tengen(args, { log: this.#log(number), preload: aim, env });
    void this.#follow(number, worker);
    return worker;
  }

  async #follow(number: number, worker: Tengen): Promise<void> {
    const end = await worker.ended();
    if (this.#isOver) return;
    if (end === 'SIGKILL') this.kills++;
    else this.failures++;
    this.#workers[number] = this.#start(number);
  }
}
