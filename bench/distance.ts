/**
 * What a long way between client and server costs, in analyses and in self-play (`--parts` names some of it): the same bridge, server and network once on loopback and once over a proxy that
 * holds every packet, in turns. Searches begin with a fresh tree; figures are medians over rounds.
 */

import { parseArgs } from 'node:util';
import { Connection } from '../clients/shared/connection.js';
import { measureSelfPlay } from './distance/self-play.js';
import { Precision } from '../src/proto/tengen/v1/precision.js';
import { startBridge, withServedNetwork } from './gtp/analysis-engine.js';
import { setUpOpening } from './gtp/opening.js';
import { servePrecision } from './interactive/serve-precision.js';
import { startDelayProxy } from './shared/delay-proxy.js';
import { median } from './shared/statistics.js';
import { usualNetwork } from './shared/usual-network.js';

const SIZE = 9;

/** Where a search runs. */
const places = ['local', 'server'] as const;

interface Setup {
  readonly rounds: number;
  readonly ms: number;
  /** Milliseconds each way. */
  readonly delays: readonly number[];
}

/**
 * Keys for each delay, here 25 ms each way: `analysisLocal9At25` and `analysisServer9At25`, visits a second over those of the search
 * in the client on loopback; `genmove400At25`, milliseconds of a move of 400 visits searched on the server, beside the same on
 * loopback, and `genmove400RoundTripsAt25`, how many round trips the difference is. Those of self-play are in
 * `distance/self-play.ts`.
 */
export async function run(args: string[]): Promise<Record<string, unknown>> {
  const { values: flags } = parseArgs({
    args,
    options: {
      net: { type: 'string', default: usualNetwork },
      rounds: { type: 'string', default: '3' },
      seconds: { type: 'string', default: '10' },
      delays: { type: 'string', default: '25,100' },
      parts: { type: 'string', default: 'analysis,self-play' },
    },
  });
  const delays = flags.delays.split(',').map(Number);
  const setup = { rounds: Number(flags.rounds), ms: Number(flags.seconds) * 1000, delays };
  const parts = flags.parts.split(',');
  const analysis = parts.includes('analysis')
    ? await withServedNetwork(flags.net, (address) => measure(address, setup))
    : {};
  const selfPlay = parts.includes('self-play') ? await measureSelfPlay(setup) : {};
  return { ...analysis, ...selfPlay, ...setup };
}

async function measure(address: string, { rounds, ms, delays }: Setup): Promise<Record<string, number>> {
  const connection = new Connection({ address });
  await servePrecision(connection, Precision.FP32);
  connection.close();
  const proxies = await Promise.all(delays.map((delay) => startDelayProxy(address, delay)));
  const ways = [{ delay: 0, address }, ...delays.map((delay, i) => ({ delay, address: proxies[i]!.address }))];
  const figures: Record<string, number[]> = {};
  const note = (name: string, value: number): void => void (figures[name] ??= []).push(value);
  try {
    for (let round = -1; round < rounds; round++) {
      let seed = 100 * (round + 1);
      for (const way of ways) {
        for (const place of places) {
          const bridge = startBridge(way.address, 'net', 10_000_000, ['--search', place, '--visits', '400']);
          const name = `${place}At${way.delay}`;
          await setUpOpening(bridge, SIZE, seed++);
          const { visitsPerSecond } = await bridge.analyze(round < 0 ? 1000 : ms);
          await setUpOpening(bridge, SIZE, seed++);
          const started = performance.now();
          await bridge.ask('genmove b');
          const moveMs = performance.now() - started;
          await bridge.close();
          if (round < 0) continue; // warming up
          note(`visits ${name}`, visitsPerSecond);
          note(`move ${name}`, moveMs);
        }
      }
    }
  } finally {
    for (const proxy of proxies) proxy.close();
  }
  return summary(figures, delays);
}

function summary(figures: Record<string, number[]>, delays: readonly number[]): Record<string, number> {
  const of = (name: string): number => median(figures[name]!);
  const near = of('visits localAt0');
  const result: Record<string, number> = { visitsPerSecond: near, serverSearchAt0: of('visits serverAt0') / near };
  for (const delay of delays) {
    result[`analysisLocal9At${delay}`] = of(`visits localAt${delay}`) / near;
    result[`analysisServer9At${delay}`] = of(`visits serverAt${delay}`) / near;
    result[`genmove400At${delay}`] = of(`move serverAt${delay}`);
    result[`genmove400RoundTripsAt${delay}`] = (of(`move serverAt${delay}`) - of('move localAt0')) / (2 * delay);
  }
  result['genmove400At0'] = of('move localAt0');
  return Object.fromEntries(Object.entries(result).map(([name, value]) => [name, Number(value.toPrecision(4))]));
}
