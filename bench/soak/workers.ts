/**
 * A process of self-play workers, each the worker as it is with a connection of its own. It tells its parent what they have
 * done so far, and ends them in order when the parent says anything.
 */

import { runWorker } from '../../clients/self-play/worker.js';
import { AppError } from '../../src/core/errors.js';

/** What the workers of a process have done so far. */
export interface WorkersReport {
  /** Games that the server acknowledged. */
  games: number;
  /** Games that it refused. */
  refused: number;
  /** Streams that broke. */
  disconnected: number;
  /** Workers that failed and were started again. */
  restarts: number;
  /** Positions evaluated for workers that have ended. */
  evaluations: number;
}

const [address = '', first, count, games] = process.argv.slice(2);
const report: WorkersReport = { games: 0, refused: 0, disconnected: 0, restarts: 0, evaluations: 0 };
const stopping = new AbortController();

function log(event: string, fields: Readonly<Record<string, unknown>>): void {
  if (event === 'game-stored') report.games++;
  if (event === 'game-refused') report.refused++;
  if (event === 'disconnected') report.disconnected++;
  if ('reason' in fields && event !== 'idle') process.stderr.write(`${event}: ${String(fields['reason'])}\n`);
}

async function work(number: number): Promise<void> {
  const options = { address, games: Number(games), name: `soak-${number}`, signal: stopping.signal, log };
  while (!stopping.signal.aborted) {
    try {
      report.evaluations += (await runWorker(options)).evaluations;
    } catch (error) {
      report.restarts++;
      process.stderr.write(`worker ${number}: ${AppError.from(error).message}\n`);
    }
  }
}

const reporting = setInterval(() => process.send?.(report), 1000);
process.once('message', () => stopping.abort());
process.on('disconnect', () => process.exit());
await Promise.all(Array.from({ length: Number(count) }, (_, i) => work(Number(first) + i)));
clearInterval(reporting);
process.send?.(report, () => process.disconnect());
