/**
 * Many clients at once, each with a connection of its own, while a job trains on the games of self-play workers: streams of
 * evaluations, texts, watches of the job and of the server, and calls that are answered once. Every answer is compared with
 * what the same server said when it was quiet; no call may end otherwise than with OK or RESOURCE_EXHAUSTED.
 *
 *   npm run bench -- load [--clients 1024] [--workers 4] [--processes 4] [--seconds 60] [--calls 1] --json
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Connection } from '../clients/shared/connection.js';
import { check } from '../src/core/errors.js';
import { delay } from '../src/core/signals.js';
import { ClientProcess } from './load/client-process.js';
import { checkOpenFiles, connectionsTo } from './load/open-files.js';
import { currentJob, startJob, trainsBeyond, uploadModels } from './load/setup.js';
import { addTally, addUnexpected, newTally, type Tally } from './load/tally.js';
import { startServer } from './processes/tengen.js';
import { WorkerProcesses } from './soak/worker-processes.js';

/** The cache is small, so that answers come from batches; a thousand clients reach the other limits, and sixty do not. */
const limits = ['--cache-megabytes', '1', '--max-pending', '4096', '--generator-waiting', '64'];
/** Games at once of each worker. */
const GAMES = 4;

const options = {
  clients: { type: 'string', default: '1024' },
  workers: { type: 'string', default: '4' },
  processes: { type: 'string', default: '4' },
  seconds: { type: 'string', default: '60' },
  calls: { type: 'string', default: '1' },
} as const;

type Numbers = Record<keyof typeof options, number>;

/**
 * Keys: `clients` (workers among them), `connections` that the server had, `calls`, `evaluations` (positions), `generations`
 * (completions), `watches` (answers on them), `wrong` answers, `unexpected` (how often each other status), `exhausted`
 * (refused with RESOURCE_EXHAUSTED), and `games` and `trainingSteps` of the job during the load. What is wrong or unexpected
 * is a line on stderr. It goes on for `--seconds`, until each client has made `--calls` calls and the job has made a step.
 */
export async function run(args: string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({ args, options });
  const numbers = Object.fromEntries(Object.entries(values).map(([name, text]) => [name, Number(text)])) as Numbers;
  for (const [name, number] of Object.entries(numbers)) {
    const least = name === 'seconds' ? 0 : 1;
    check(
      Number.isInteger(number) && number >= least,
      () => `--${name} is '${values[name as keyof Numbers]}'; it must be a whole number, ${least} at least`,
    );
  }
  const { clients, workers, processes, seconds, calls } = numbers;
  check(
    clients >= workers + processes,
    () => `--clients is ${clients}; with ${workers} workers it must be ${workers + processes} at least`,
  );
  checkOpenFiles(clients);
  const dataDir = mkdtempSync(join(tmpdir(), 'tengen-load-'));
  const { server, address } = await startServer(dataDir, ['--log-level', 'warn', ...limits]);
  const connection = new Connection({ address });
  const groups: ClientProcess[] = [];
  let crew: WorkerProcesses | undefined;
  try {
    const { models, goSha256 } = await uploadModels(connection);
    const share = (clients - workers) / processes;
    for (let i = 0; i < processes; i++) {
      const [first, end] = [Math.floor(i * share), Math.floor((i + 1) * share)];
      const group = new ClientProcess({ address, models, first, clients: end - first, calls });
      groups.push(group);
      await group.asked();
    }
    crew = new WorkerProcesses(address, { workers, processes: 1, games: GAMES });
    const jobId = await startJob(connection);
    await Promise.all(groups.map((group) => group.connect({ ...models, goSha256, jobId })));
    const before = await currentJob(connection, jobId);
    const connections = connectionsTo(address);
    const tally = await bearDown(groups, seconds * 1000, () => trainsBeyond(connection, jobId, before.steps));
    const after = await currentJob(connection, jobId);
    await crew.stop();
    const { disconnected, restarts, refused } = crew.total;
    addUnexpected(tally, 'worker disconnected', disconnected);
    addUnexpected(tally, 'worker failed', restarts);
    tally.wrong += refused;
    connection.close();
    const code = await server.end('SIGTERM');
    if (code !== 0) addUnexpected(tally, `server ended with ${String(code)}`);
    const [games, trainingSteps] = [after.games - before.games, after.steps - before.steps];
    return { clients, connections, ...tally, games, trainingSteps, workers, processes };
  } finally {
    for (const group of groups) group.kill();
    crew?.kill();
    await server.end('SIGKILL');
    rmSync(dataDir, { recursive: true, force: true });
  }
}

/** Lets all clients begin at once, and ends them when the time is over, their calls are made and the job has trained. */
async function bearDown(groups: readonly ClientProcess[], ms: number, trained: () => Promise<void>): Promise<Tally> {
  await Promise.all([delay(ms), trained(), ...groups.map((group) => group.go())]);
  const total = newTally();
  for (const tally of await Promise.all(groups.map((group) => group.end()))) addTally(total, tally);
  return total;
}
