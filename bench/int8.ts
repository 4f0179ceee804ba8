/** Serving in eight bits: evaluations a second through gRPC over the same in float32, both servers asked in turns. */

import { fork, type ChildProcess } from 'node:child_process';
import { parseArgs } from 'node:util';
import { answer, ask } from './evaluator/child.js';
import type { ClientOrder } from './evaluator/load.js';
import { readSetup, setupFlags, type RunResult, type Setup } from './evaluator/setup.js';
import { median } from './shared/statistics.js';

/** The networks whose speed is compared. */
const networks = [
  { size: 9, blocks: 6, channels: 64 },
  { size: 19, blocks: 6, channels: 96 },
] as const;

/** Keys: `speedup`, the smaller of the two networks' medians over rounds, and `speeds` of both. */
export async function run(args: string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({
    args,
    options: { rounds: { type: 'string', default: '5' }, seconds: { type: 'string', default: '3' } },
  });
  const [rounds, seconds] = [Number(values.rounds), Number(values.seconds)];
  const speeds: Record<string, unknown>[] = [];
  for (const network of networks) speeds.push(await speed({ ...readSetup([]), ...network, rounds, seconds }));
  return { speedup: Math.min(...speeds.map(({ speedup }) => Number(speedup))), speeds };
}

async function speed(setup: Setup): Promise<Record<string, unknown>> {
  const children: ChildProcess[] = [];
  const start = async (file: string, first: readonly string[], own: Setup): Promise<[ChildProcess, unknown]> => {
    const child = fork(new URL(`./evaluator/${file}.js`, import.meta.url), [...first, ...setupFlags(own)]);
    children.push(child);
    return [child, await answer(child)];
  };
  try {
    const clients: ChildProcess[] = [];
    for (const int8 of [0, 1]) {
      const [, address] = await start('serve', [], { ...setup, int8 });
      clients.push((await start('client', [address as string], setup))[0]);
    }
    const order: ClientOrder = { ms: setup.seconds * 1000, inFlight: setup.inFlight, count: setup.message };
    const rates: [number, number][] = [];
    for (let round = 0; round < setup.rounds; round++) {
      const pair: number[] = [];
      for (const client of clients) {
        const { evaluations, ms } = (await ask(client, order)) as RunResult;
        pair.push((evaluations / ms) * 1000);
      }
      rates.push(pair as [number, number]);
    }
    const { size, blocks, channels } = setup;
    return {
      size,
      blocks,
      channels,
      speedup: rounded(median(rates.map(([fp32, int8]) => int8 / fp32))),
      fp32PerSecond: Math.round(median(rates.map(([fp32]) => fp32))),
      int8PerSecond: Math.round(median(rates.map(([, int8]) => int8))),
    };
  } finally {
    for (const child of children) child.kill();
  }
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
