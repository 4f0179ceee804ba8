/**
 * Serving in eight bits: evaluations a second through gRPC over the same in float32, both servers asked in turns; or, of a
 * trained network, games of eight bits against float32 at equal visits.
 */

import { fork, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { countedResult } from '../clients/cli/match/result.js';
import { check } from '../src/core/errors.js';
import { readConfig } from '../src/core/config.js';
import { Evaluator } from '../src/evaluator/evaluator.js';
import { evaluatorSchema } from '../src/evaluator/config.js';
import type { Quantization } from '../src/evaluator/quantization/calibrate.js';
import { quantize } from '../src/evaluator/quantization/quantize.js';
import type { Position } from '../src/go/position.js';
import { defaultRules } from '../src/go/rules.js';
import { encodeModel } from '../src/nn/model-file.js';
import { readKatago } from '../src/nn/networks/katago/read-file.js';
import { ratingGames, type RatedPlayer } from '../experiments/shared/self-play/rating-games.js';
import { answer, ask } from './evaluator/child.js';
import type { ClientOrder } from './evaluator/load.js';
import { readSetup, setupFlags, type RunResult, type Setup } from './evaluator/setup.js';
import { median } from './shared/statistics.js';

/** The networks whose speed is compared. */
const networks = [
  { size: 9, blocks: 6, channels: 64 },
  { size: 19, blocks: 6, channels: 96 },
] as const;

/**
 * Keys: `speedup`, the smaller of the two networks' medians over rounds; with --net FILE (a network of KataGo's) instead
 * `score` of eight bits against float32 over `games` games, with `scoreCi95`, and what calibration measured.
 */
export async function run(args: string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({
    args,
    options: {
      net: { type: 'string', default: '' },
      games: { type: 'string', default: '400' },
      visits: { type: 'string', default: '16' },
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '3' },
    },
  });
  const [games, visits, rounds, seconds] = [values.games, values.visits, values.rounds, values.seconds].map(Number) as [
    number,
    number,
    number,
    number,
  ];
  check(
    games % 2 === 0,
    () => `--games is ${values.games}; it must be even, since each opening is played with both colors`,
  );
  if (values.net !== '') return match(values.net, games, visits);
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

async function match(path: string, games: number, visits: number): Promise<Record<string, unknown>> {
  const { architecture, weights } = readKatago(gunzipSync(readFileSync(path)));
  const file = encodeModel({ architecture, weights, metadata: {} });
  const engine = { engine: 'onnxruntime', provider: 'cpu' } as const;
  const quantization = await quantize({ file, positions: [], engine, seed: 1 }, new AbortController().signal);
  const evaluator = serve(file, quantization);
  const player = (name: string): RatedPlayer => ({
    name,
    network: {
      evaluate: async (positions: readonly Position[]) => {
        const snapshots = positions.map((position) => position.snapshot());
        return (await evaluator.evaluate({ model: `net@${name}`, positions: snapshots })).evaluations;
      },
    },
  });
  try {
    const options = { size: 9, rules: defaultRules(9), games, visits };
    const [result] = await ratingGames(player('int8'), [player('fp32')], options);
    const { wins, draws, losses, winRate, winRateInterval } = countedResult(result!);
    return {
      games,
      visits,
      wins,
      draws,
      losses,
      score: rounded(winRate),
      scoreCi95: winRateInterval.map(rounded),
      calibration: quantization.report,
    };
  } finally {
    await evaluator.close();
  }
}

/** The network twice: net@fp32 and net@int8. */
function serve(file: Uint8Array, { ranges }: Quantization): Evaluator {
  const source = {
    resolve: (name: string) => Promise.resolve(name),
    read: () => Promise.resolve(file),
    ranges: (ref: string) => Promise.resolve(ref === 'net@int8' ? ranges : undefined),
  };
  return new Evaluator(source, readConfig(evaluatorSchema, { threads: 2, cacheMegabytes: 0 }));
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
