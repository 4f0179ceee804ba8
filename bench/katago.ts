/**
 * Visits a second of our GTP bridge and server over those of KataGo's own engine: the same network, machine and positions,
 * near the beginning on 9×9 and 19×19, in turns. KataGo is not part of the project; give its program and a GTP settings file.
 *
 *     npm run bench -- katago --katago /path/to/katago --config /path/to/gtp.cfg --net NETWORK.bin.gz
 */

import { parseArgs } from 'node:util';
import { Connection } from '../clients/shared/connection.js';
import { check } from '../src/core/errors.js';
import { Rng } from '../src/core/rng.js';
import { makeOpeningBook } from '../src/go/opening-book.js';
import { defaultRules } from '../src/go/rules.js';
import { formatVertex } from '../src/go/vertex.js';
import { ModelServiceDefinition, Precision } from '../src/proto/tengen/v1/model.js';
import { AnalysisEngine, startBridge, withServedNetwork } from './gtp/analysis-engine.js';
import { median } from './shared/statistics.js';
import { usualNetwork } from './shared/usual-network.js';

const precisions = { fp32: Precision.FP32, int8: Precision.INT8 } as const;

/** How long calibrating may take before the bench gives up. */
const CALIBRATION_MS = 600_000;

/**
 * Keys: for each size `fp32Ratio9`, `int8Ratio9` …, medians over rounds, with the visits a second of all three. KataGo runs
 * with `--threads` search threads, 8 unless given, and as many cores as it finds, as our server does.
 */
export async function run(args: string[]): Promise<Record<string, unknown>> {
  const { values: flags } = parseArgs({
    args,
    options: {
      katago: { type: 'string', default: '' },
      config: { type: 'string', default: '' },
      net: { type: 'string', default: usualNetwork },
      threads: { type: 'string', default: '8' },
      rounds: { type: 'string', default: '3' },
      seconds: { type: 'string', default: '10' },
    },
  });
  const { katago, config, net, threads } = flags;
  check(katago !== '', 'The bench needs --katago PROGRAM, and --config FILE unless KataGo finds its own');
  const [rounds, ms] = [Number(flags.rounds), Number(flags.seconds) * 1000];
  const override = `numSearchThreads=${threads},maxVisits=10000000,maxPlayouts=10000000,ponderingEnabled=false`;
  const settings = ['-override-config', override, ...(config === '' ? [] : ['-config', config])];
  return withServedNetwork(net, async (address) => {
    const speeds: Record<string, number[]> = {};
    // Eight bits first, since calibrating for them would disturb what is measured before.
    for (const precision of ['int8', 'fp32'] as const) {
      await serveIn(address, precisions[precision]);
      const bridge = startBridge(address);
      const peer = new AnalysisEngine(katago, ['gtp', '-model', net, ...settings], 'ignore');
      try {
        for (const size of [9, 19]) {
          for (let round = -1; round < rounds; round++) {
            const own = await speed(bridge, size, { round, ms });
            const theirs = await speed(peer, size, { round, ms });
            if (round < 0) continue; // warming up
            (speeds[`${precision}VisitsPerSecond${size}`] ??= []).push(own);
            (speeds[`${precision}Ratio${size}`] ??= []).push(own / theirs);
            (speeds[`katagoVisitsPerSecond${size}`] ??= []).push(theirs);
          }
        }
      } finally {
        await Promise.all([bridge.close(), peer.close()]);
      }
    }
    const medians = Object.entries(speeds).map(([name, values]) => [name, Number(median(values).toPrecision(4))]);
    return { ...Object.fromEntries(medians), rounds, katagoThreads: Number(threads) } as Record<string, unknown>;
  });
}

/** After an opening of the round's own, so that nothing is found in a cache. */
async function speed(
  engine: AnalysisEngine,
  size: number,
  { round, ms }: { round: number; ms: number },
): Promise<number> {
  const [opening = []] = makeOpeningBook({ size, rules: defaultRules(size), plies: 2, count: 1 }, new Rng(round + 1));
  await engine.ask(`boardsize ${size}`);
  await engine.ask('clear_board');
  for (const [turn, move] of opening.entries()) await engine.ask(`play ${'bw'[turn]!} ${formatVertex(move, size)}`);
  return (await engine.analyze(ms)).visitsPerSecond;
}

/** Has the network served in a precision, and waits until it is. */
async function serveIn(address: string, precision: Precision): Promise<void> {
  const connection = new Connection({ address });
  try {
    const models = connection.client(ModelServiceDefinition);
    await models.setPrecision({ name: 'net', precision });
    const deadline = performance.now() + CALIBRATION_MS;
    for (;;) {
      const [model] = (await models.listModels({ name: 'net' })).models;
      if (precision === Precision.FP32 || model?.quantization) return;
      check(performance.now() < deadline, 'The network was not calibrated in ten minutes');
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  } finally {
    connection.close();
  }
}
