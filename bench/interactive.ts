/**
 * What one analysis gets of the machine: network evaluations a second of one `kata-analyze` through a real bridge and server,
 * over those of bare sessions of the same network and precision, one on each core at once. Both take turns; figures are
 * medians over rounds. A visit that needed no evaluation does not count.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Connection } from '../clients/shared/connection.js';
import { saveDownload } from '../clients/shared/download.js';
import { Rng } from '../src/core/rng.js';
import { refOf } from '../src/core/refs.js';
import { makeOpeningBook } from '../src/go/opening-book.js';
import { defaultRules } from '../src/go/rules.js';
import { formatVertex } from '../src/go/vertex.js';
import { readFileSync } from 'node:fs';
import { quantize } from '../src/evaluator/quantization/quantize.js';
import { ModelServiceDefinition, Precision } from '../src/proto/tengen/v1/model.js';
import { type AnalysisEngine, startBridge, withServedNetwork } from './gtp/analysis-engine.js';
import { bareSpeed } from './interactive/bare.js';
import { EvaluationCounter } from './interactive/evaluation-counter.js';
import { servePrecision } from './interactive/serve-precision.js';
import { median } from './shared/statistics.js';
import { usualNetwork } from './shared/usual-network.js';

interface Setup {
  readonly rounds: number;
  readonly ms: number;
  readonly sizes: readonly number[];
  readonly precisions: readonly ('fp32' | 'int8')[];
}

/**
 * Keys, for each size and precision: `shareOfBare9Fp32` …, `visitsPerEvaluation9Fp32` …, and both sides' evaluations a second;
 * `firstLineMs` from `kata-analyze` to the first line, `genmoveMs` of a move with one visit, both on 9×9.
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
    },
  });
  const setup: Setup = {
    rounds: Number(flags.rounds),
    ms: Number(flags.seconds) * 1000,
    sizes: flags.sizes.split(',').map(Number),
    precisions: flags.precisions.split(',') as Setup['precisions'],
  };
  const folder = mkdtempSync(join(tmpdir(), 'tengen-bench-'));
  try {
    return await withServedNetwork(flags.net, (address) => measure(address, join(folder, 'model'), setup));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measure(address: string, file: string, setup: Setup): Promise<Record<string, unknown>> {
  const connection = new Connection({ address });
  const counter = new EvaluationCounter(connection);
  const bridge = startBridge(address);
  const figures: Record<string, number[]> = {};
  const note = (name: string, value: number): void => void (figures[name] ??= []).push(value);
  try {
    await download(connection, file);
    await servePrecision(connection, Precision.FP32);
    for (const precision of setup.precisions) {
      if (precision === 'int8') {
        await servePrecision(connection, Precision.INT8);
      }
      const ranges = precision === 'int8' ? await rangesOf(file) : undefined;
      for (const size of setup.sizes) {
        const key = `${size}${precision === 'int8' ? 'Int8' : 'Fp32'}`;
        for (let round = -1; round < setup.rounds; round++) {
          await setUp(bridge, size, round + 1);
          const before = counter.evaluations;
          const started = performance.now();
          const { visitsPerSecond } = await bridge.analyze(setup.ms);
          const seconds = (performance.now() - started) / 1000;
          const own = ((await counter.settled()) - before) / seconds;
          const bare = await bareSpeed({ model: file, size, ranges }, availableParallelism(), setup.ms / 2);
          if (round < 0) continue; // warming up
          note(`shareOfBare${key}`, own / bare);
          note(`evaluationsPerSecond${key}`, own);
          note(`bareEvaluationsPerSecond${key}`, bare);
          note(`visitsPerSecond${key}`, visitsPerSecond);
          note(`visitsPerEvaluation${key}`, visitsPerSecond / own);
        }
      }
    }
    await servePrecision(connection, Precision.FP32);
    const oneVisit = startBridge(address, 'net', 10, ['--visits', '1']);
    for (let round = -1; round < 20; round++) {
      await setUp(bridge, 9, round + 100);
      const { firstMs } = await bridge.analyze(0);
      await setUp(oneVisit, 9, round + 200);
      const started = performance.now();
      await oneVisit.ask('genmove b');
      if (round < 0) continue;
      note('firstLineMs', firstMs);
      note('genmoveMs', performance.now() - started);
    }
    await oneVisit.close();
  } finally {
    counter.close();
    await bridge.close();
    connection.close();
  }
  const medians = Object.entries(figures).map(([name, values]) => [name, Number(median(values).toPrecision(4))]);
  return { ...Object.fromEntries(medians), rounds: setup.rounds, seconds: setup.ms / 1000 } as Record<string, unknown>;
}

/** After an opening of its own, so that nothing is found in a cache. */
async function setUp(engine: AnalysisEngine, size: number, seed: number): Promise<void> {
  const book = { size, rules: defaultRules(size), plies: 4, count: 1 };
  const [opening = []] = makeOpeningBook(book, new Rng(seed));
  await engine.ask(`boardsize ${size}`);
  await engine.ask('clear_board');
  for (const [turn, move] of opening.entries()) await engine.ask(`play ${'bw'[turn % 2]!} ${formatVertex(move, size)}`);
}

async function download(connection: Connection, file: string): Promise<void> {
  const models = connection.client(ModelServiceDefinition);
  const { model } = await models.getModel({ model: 'net' });
  await saveDownload(models.downloadModel({ model: refOf(model!) }), file);
}

async function rangesOf(model: string) {
  const engine = { engine: 'onnxruntime', provider: 'cpu' } as const;
  const start = { file: readFileSync(model), positions: [], engine, seed: 1 };
  return (await quantize(start, new AbortController().signal)).ranges;
}
