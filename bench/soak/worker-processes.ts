/** Self-play workers, several to a process. */

import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { WorkersReport } from './workers.js';

export class WorkerProcesses {
  readonly #children: readonly ChildProcess[];
  readonly #reports: (WorkersReport | undefined)[];

  /** @param options.games games at once of each worker */
  constructor(address: string, options: { workers: number; processes: number; games: number }) {
    const { workers, processes, games } = options;
    const starts = Array.from({ length: processes + 1 }, (_, i) => Math.floor((i * workers) / processes));
    this.#children = starts.slice(0, -1).map((first, i) => {
      const args = [address, first, starts[i + 1]! - first, games].map(String);
      const child = fork(new URL('./workers.js', import.meta.url), args);
      child.on('message', (report) => (this.#reports[i] = report as WorkersReport));
      return child;
    });
    this.#reports = this.#children.map(() => undefined);
  }

  /** What all workers have done so far. */
  get total(): WorkersReport {
    const total: WorkersReport = { games: 0, refused: 0, disconnected: 0, restarts: 0, evaluations: 0 };
    for (const report of this.#reports) {
      for (const key of Object.keys(total) as (keyof WorkersReport)[]) total[key] += report?.[key] ?? 0;
    }
    return total;
  }

  /** Processes that are no longer there. */
  get dead(): number {
    return this.#children.filter(({ exitCode, signalCode }) => exitCode !== null || signalCode !== null).length;
  }

  /** Ends the workers in order; their games are given back. */
  async stop(): Promise<void> {
    const running = this.#children.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null);
    await Promise.all(
      running.map(async (child) => {
        const gone = once(child, 'exit');
        child.send('stop');
        await gone;
      }),
    );
  }

  /** Ends whatever still runs. */
  kill(): void {
    for (const child of this.#children) child.kill('SIGKILL');
  }
}
