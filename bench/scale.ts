/**
 * One server under 1 to 256 simulated workers, each with a connection of its own: throughput, batch fill, how long
 * positions wait, and whether memory stays flat over a long run. The workers live in one process and play no games; they
 * keep asking as a worker with a few games would.
 */

import { fork, type ChildProcess } from 'node:child_process';
import { parseArgs } from 'node:util';
import { check } from '../src/core/errors.js';
import { waitingQuantileMs } from '../src/evaluator/waiting-times.js';
import { answer, ask } from './evaluator/child.js';
import type { ClientOrder } from './evaluator/load.js';
import { readSetup, type RunResult, setupFlags } from './evaluator/setup.js';

interface ServerFigures {
  readonly evaluations: number;
  readonly batches: number;
  readonly waiting: readonly number[];
  readonly rssBytes: number;
}

/** Messages that a worker has in flight: its games take turns at searching and waiting. */
const IN_FLIGHT = 2;

/** What was measured with so many workers. */
interface Row {
  readonly workers: number;
  readonly evaluationsPerSecond: number;
  readonly batchFill: number;
  readonly queueMs50: number;
  readonly queueMs99: number;
}

/**
 * Keys: `rows`, one for each number of workers; `memoryMinutes`, and how many megabytes the server grew by between the
 * first tenth and the end of that time, with all workers (`memoryGrowth`).
 */
export async function run(args: string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({
    args,
    options: {
      workers: { type: 'string', default: '1,4,16,64,256' },
      seconds: { type: 'string', default: '5' },
      positions: { type: 'string', default: '8' },
      minutes: { type: 'string', default: '10' },
    },
  });
  const counts = values.workers.split(',').map(Number);
  const [seconds, positions, minutes] = [values.seconds, values.positions, values.minutes].map(Number) as [
    number,
    number,
    number,
  ];
  for (const number of [...counts, seconds, positions]) {
    check(number > 0, () => `--workers, --seconds and --positions are numbers above 0; seen ${args.join(' ')}`);
  }
  const flags = setupFlags({ ...readSetup([]), message: positions });
  const server = fork(new URL('./evaluator/serve.js', import.meta.url), flags);
  const address = (await answer(server)) as string;
  const workers = fork(new URL('./evaluator/client.js', import.meta.url), [address, ...flags]);
  try {
    await answer(workers);
    const load = async (count: number, ms: number): Promise<Row> => {
      const before = (await ask(server, 0)) as ServerFigures;
      const order: ClientOrder = { clients: count, ms, inFlight: IN_FLIGHT, count: positions };
      const { evaluations, ms: took } = (await ask(workers, order)) as RunResult;
      const after = (await ask(server, 0)) as ServerFigures;
      const waited = after.waiting.map((positionsThen, i) => positionsThen - before.waiting[i]!);
      const perBatch = (after.evaluations - before.evaluations) / (after.batches - before.batches);
      return {
        workers: count,
        evaluationsPerSecond: Math.round((evaluations / took) * 1000),
        batchFill: rounded(perBatch / readSetup([]).batch),
        queueMs50: rounded(waitingQuantileMs(waited, 0.5)),
        queueMs99: rounded(waitingQuantileMs(waited, 0.99)),
      };
    };
    const rows: Row[] = [];
    for (const count of counts) rows.push(await load(count, seconds * 1000));
    return {
      rows,
      positionsAMessage: positions,
      ...(await memory(server, () => load(Math.max(...counts), 6000 * minutes), minutes)),
    };
  } finally {
    server.kill();
    workers.kill();
  }
}

/** The server's memory over ten stretches of load. */
async function memory(
  server: ChildProcess,
  stretch: () => Promise<unknown>,
  minutes: number,
): Promise<Record<string, unknown>> {
  if (minutes === 0) return {};
  const megabytes: number[] = [];
  for (let i = 0; i < 10; i++) {
    await stretch();
    megabytes.push(Math.round(((await ask(server, 0)) as ServerFigures).rssBytes / 2 ** 20));
  }
  return { memoryMinutes: minutes, memoryMegabytes: megabytes, memoryGrowth: megabytes.at(-1)! - megabytes[0]! };
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
