/**
 * What one analysis gets of the machine: network evaluations a second of one `kata-analyze` through a real bridge and server,
 * over those of bare sessions of the same network and precision, one on each core at once. Both take turns; figures are
 * medians over rounds. A visit that needed no evaluation does not count.
 */

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Connection } from '../clients/shared/connection.js';
import { saveDownload } from '../clients/shared/download.js';
import { refOf } from '../src/core/refs.js';
import { quantize } from '../src/evaluator/quantization/quantize.js';
import type { Range } from '../src/nn/quantization/ranges.js';
import { ModelServiceDefinition } from '../src/proto/tengen/v1/model.js';
import { Precision } from '../src/proto/tengen/v1/precision.js';
import { type AnalysisEngine, startBridge, withServedNetwork } from './gtp/analysis-engine.js';
import { setUpOpening } from './gtp/opening.js';
import { bareSpeed } from './interactive/bare.js';
import { EvaluationCounter } from './interactive/evaluation-counter.js';
import { katagoSpeed, type KatagoSetup } from './interactive/katago.js';
import { servePrecision } from './interactive/serve-precision.js';
import { median } from './shared/statistics.js';
import { usualNetwork } from './shared/usual-network.js';

interface Setup {
  readonly net: string;
  readonly rounds: number;
  readonly ms: number;
  readonly sizes: readonly number[];
  readonly precisions: readonly ('fp32' | 'int8')[];
  readonly katago: KatagoSetup | undefined;
}

/** Measured values by their names, to take medians of. */
type Note = (name: string, value: number) => void;

/**
 * Keys, for each size and precision: `shareOfBare9Fp32` …, `visitsPerEvaluation9Fp32` …, and both sides' evaluations a second;
 * with `--katago PROGRAM` also `ratio9Fp32` …, our evaluations a second over those of KataGo's `benchmark` with
 * `--katago-threads` search threads. `firstLineMs` from `kata-analyze` to the first line, `genmoveMs` of a move with one visit,
 * both on 9×9.
 */
export async function run(args: string[]): Promise<Record<string, unknown>> {
  const { values: flags } = parseArgs({
    args,
    options: {
      net: { type: 'string', default: usualNetwork },
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '6' },
      sizes: { type: 'string', default: '9,19' },
      precisions: { type: 'string', default: 'fp32,int8' },
      katago: { type: 'string', default: '' },
      'katago-config': { type: 'string', default: '' },
      'katago-threads': { type: 'string', default: '8' },
    },
  });
  const { net, katago: program, 'katago-config': config } = flags;
  const setup: Setup = {
    net,
    rounds: Number(flags.rounds),
    ms: Number(flags.seconds) * 1000,
    sizes: flags.sizes.split(',').map(Number),
    precisions: flags.precisions.split(',') as Setup['precisions'],
    katago: program === '' ? undefined : { program, config, net, searchThreads: Number(flags['katago-threads']) },
  };
  const figures: Record<string, number[]> = {};
  const note: Note = (name, value) => void (figures[name] ??= []).push(value);
  const folder = mkdtempSync(join(tmpdir(), 'tengen-bench-'));
  try {
    await withServedNetwork(net, (address) => measure(address, join(folder, 'model'), setup, note));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const medians: Record<string, number> = {};
  for (const [name, values] of Object.entries(figures)) medians[name] = Number(median(values).toPrecision(4));
  const katago = setup.katago === undefined ? 'not measured' : `${setup.katago.searchThreads} search threads`;
  return { ...medians, rounds: setup.rounds, seconds: setup.ms / 1000, katago };
}

async function measure(address: string, file: string, setup: Setup, note: Note): Promise<void> {
  const connection = new Connection({ address });
  const counter = new EvaluationCounter(connection);
  try {
    // Nothing is calibrated while float32 is measured.
    await servePrecision(connection, Precision.FP32);
    await measureWaits(address, note);
    await download(connection, file);
    for (const precision of setup.precisions) {
      await servePrecision(connection, precision === 'int8' ? Precision.INT8 : Precision.FP32);
      const ranges = precision === 'int8' ? await rangesOf(file) : undefined;
      // After the precision: a bridge keeps that of the first answer for its game.
      const bridge = startBridge(address);
      for (const size of setup.sizes) {
        const key = `${size}${precision === 'int8' ? 'Int8' : 'Fp32'}`;
        for (let round = -1; round < setup.rounds; round++) {
          const own = await analyse(bridge, counter, { size, seed: round + 1, ms: setup.ms });
          const bare = await bareSpeed({ model: file, size, ranges }, availableParallelism(), setup.ms / 2);
          const peer = setup.katago && (await katagoSpeed(setup.katago, size));
          if (round < 0) continue; // warming up
          note(`shareOfBare${key}`, own.evaluations / bare);
          note(`evaluationsPerSecond${key}`, own.evaluations);
          note(`bareEvaluationsPerSecond${key}`, bare);
          note(`visitsPerSecond${key}`, own.visits);
          note(`visitsPerEvaluation${key}`, own.visits / own.evaluations);
          if (!peer) continue;
          note(`ratio${key}`, own.evaluations / peer.evaluationsPerSecond);
          note(`katagoEvaluationsPerSecond${size}`, peer.evaluationsPerSecond);
          note(`katagoVisitsPerSecond${size}`, peer.visitsPerSecond);
        }
      }
      await bridge.close();
    }
  } finally {
    counter.close();
    connection.close();
  }
}

/** Of one analysis with a fresh tree, each a second. */
async function analyse(
  bridge: AnalysisEngine,
  counter: EvaluationCounter,
  { size, seed, ms }: { readonly size: number; readonly seed: number; readonly ms: number },
): Promise<{ readonly evaluations: number; readonly visits: number }> {
  await setUpOpening(bridge, size, seed);
  const before = await counter.settled();
  const started = performance.now();
  const { visitsPerSecond } = await bridge.analyze(ms);
  const seconds = (performance.now() - started) / 1000;
  return { evaluations: ((await counter.settled()) - before) / seconds, visits: visitsPerSecond };
}

/** Times that each wait is measured, after some that warm up. */
const WAITS = 20;
const WARMING = -3;

/** How long a person waits for the first words. */
async function measureWaits(address: string, note: Note): Promise<void> {
  const analysing = startBridge(address);
  for (let round = WARMING; round < WAITS; round++) {
    await setUpOpening(analysing, 9, round + 100);
    const { firstMs } = await analysing.analyze(0);
    if (round >= 0) note('firstLineMs', firstMs);
  }
  await analysing.close();
  // By itself: a search that was stopped leaves its last batches to the server, which another program would wait for.
  const playing = startBridge(address, 'net', 1, ['--visits', '1']);
  for (let round = WARMING; round < WAITS; round++) {
    await setUpOpening(playing, 9, round + 200);
    const started = performance.now();
    await playing.ask('genmove b');
    if (round >= 0) note('genmoveMs', performance.now() - started);
  }
  await playing.close();
}

async function download(connection: Connection, file: string): Promise<void> {
  const models = connection.client(ModelServiceDefinition);
  const { model } = await models.getModel({ model: 'net' });
  await saveDownload(models.downloadModel({ model: refOf(model!) }), file);
}

async function rangesOf(model: string): Promise<readonly Range[]> {
  const engine = { engine: 'onnxruntime', provider: 'cpu' } as const;
  const start = { file: readFileSync(model), positions: [], engine, seed: 1 };
  return (await quantize(start, new AbortController().signal)).ranges;
}
