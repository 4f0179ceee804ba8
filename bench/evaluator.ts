/**
 * Evaluations a second through a real gRPC stream from another process, over bare ONNX Runtime with the same network and
 * number of threads, at the same batch or at the parts into which the server cuts it, whichever is faster in the round. They
 * take turns, so that all see the same machine; the ratio is the median over rounds.
 */

import { fork, type ChildProcess } from 'node:child_process';
import { answer, ask } from './evaluator/child.js';
import type { ClientOrder } from './evaluator/load.js';
import { cutAsServed, readSetup, setupFlags, type RunResult, type Setup } from './evaluator/setup.js';
import { median } from './shared/statistics.js';

/** So many clients send one position each, for `singlesRatio`. */
const CLIENTS = 64;
/** Before anything counts: a server runs for days, and Node takes a while to compile what runs a hundred times a second. */
const WARM_UP_MS = 20_000;

interface ServerFigures {
  readonly evaluations: number;
  readonly batches: number;
  readonly queueMicros: number;
  readonly cpuMicros: number;
}

/** Rounds of the clients and of bare ONNX Runtime in turns, and the server's counters before and after them. */
interface Comparison {
  readonly runs: readonly RunResult[];
  readonly bareRuns: readonly RunResult[];
  readonly before: ServerFigures;
  readonly after: ServerFigures;
}

/**
 * CPU figures are microseconds an evaluation, all threads of the process; `cpuRatio` is what `ratio` would be if nothing
 * else ran on the machine. `singlesRatio` is `ratio` of 64 clients, each with one position in flight, over the same
 * baseline, whose batches are full. `loneRequestMs` is how long one interactive position takes there and back when nothing waits.
 *
 * Measures the network named by the flags, or by default 6×64 on 9×9 and, beside it, the quickstart's 4×32 on 7×7.
 */
export async function run(args: string[]): Promise<Record<string, unknown>> {
  const setup = readSetup(args);
  const main = await measure(setup);
  const chosen = args.some((arg) => /^--(size|blocks|channels)\b/.test(arg));
  const small = chosen ? undefined : await measure({ ...setup, size: 7, blocks: 4, channels: 32 });
  return {
    ...main,
    ...(small && {
      smallRatio: small['ratio'],
      smallCpuRatio: small['cpuRatio'],
      smallEvaluationsPerSecond: small['evaluationsPerSecond'],
      smallBareEvaluationsPerSecond: small['bareEvaluationsPerSecond'],
    }),
    ...setup,
  };
}

async function measure(setup: Setup): Promise<Record<string, number>> {
  const children: ChildProcess[] = [];
  const start = async (file: string, first: string[] = [], own = setup): Promise<[ChildProcess, unknown]> => {
    const child = fork(new URL(`./evaluator/${file}.js`, import.meta.url), [...first, ...setupFlags(own)]);
    children.push(child);
    return [child, await answer(child)];
  };
  try {
    const [bare] = await start('bare');
    const [cutBare] = await start('bare', [], await cutAsServed(setup));
    const [server, address] = await start('serve');
    const [client] = await start('client', [address as string]);
    const order: ClientOrder = { ms: setup.seconds * 1000, inFlight: setup.inFlight, count: setup.message };
    const singles: ClientOrder = { clients: CLIENTS, ms: order.ms, inFlight: 1, count: 1 };
    const runBare = async (): Promise<RunResult> => {
      const results = [(await ask(bare, order.ms)) as RunResult, (await ask(cutBare, order.ms)) as RunResult];
      return results.toSorted((a, b) => rate(b) - rate(a))[0]!;
    };
    const compare = async (wanted: ClientOrder): Promise<Comparison> => {
      await ask(client, { ...wanted, ms: WARM_UP_MS });
      const before = (await ask(server, 0)) as ServerFigures;
      const [runs, bareRuns]: [RunResult[], RunResult[]] = [[], []];
      for (let i = 0; i < setup.rounds; i++) {
        bareRuns.push(await runBare());
        runs.push((await ask(client, wanted)) as RunResult);
      }
      return { runs, bareRuns, before, after: (await ask(server, 0)) as ServerFigures };
    };
    const { runs: singleRuns, bareRuns: singleBareRuns } = await compare(singles);
    const { runs, bareRuns, before, after } = await compare(order);
    const evaluations = after.evaluations - before.evaluations;
    const lone = (await ask(client, { ms: 1000, inFlight: 1, count: 1, isInteractive: true })) as RunResult;
    const serverCpu = (after.cpuMicros - before.cpuMicros) / evaluations;
    const clientCpu = median(runs.map(cpuOf));
    const bareCpu = median(bareRuns.map(cpuOf));
    return {
      ratio: round(ratio(runs, bareRuns), 3),
      singlesRatio: round(ratio(singleRuns, singleBareRuns), 3),
      evaluationsPerSecond: round(median(runs.map(rate)), 0),
      bareEvaluationsPerSecond: round(median(bareRuns.map(rate)), 0),
      batchFill: round(evaluations / (after.batches - before.batches) / setup.batch, 3),
      queueMs: round((after.queueMicros - before.queueMicros) / evaluations / 1000, 2),
      loneRequestMs: round(lone.ms / lone.evaluations, 2),
      cpuRatio: round(bareCpu / (serverCpu + clientCpu), 3),
      serverCpuMicros: round(serverCpu, 1),
      clientCpuMicros: round(clientCpu, 1),
      bareCpuMicros: round(bareCpu, 1),
    };
  } finally {
    for (const child of children) child.kill();
  }
}

/** The median of served over bare. */
function ratio(runs: readonly RunResult[], bareRuns: readonly RunResult[]): number {
  return median(runs.map((served, i) => rate(served) / rate(bareRuns[i]!)));
}

function cpuOf({ cpuMicros, evaluations }: RunResult): number {
  return cpuMicros / evaluations;
}

function rate({ evaluations, ms }: RunResult): number {
  return (evaluations / ms) * 1000;
}

function round(value: number, digits: number): number {
  return Math.round(value * 10 ** digits) / 10 ** digits;
}
