/** What eight bits cost in strength: games of a network of KataGo's in eight bits against itself in float32, at equal visits. */

import { parseArgs } from 'node:util';
import { usualNetwork } from '../../../bench/shared/usual-network.js';
import { countedResult } from '../../../clients/cli/match/result.js';
import { readConfig } from '../../../src/core/config.js';
import { check } from '../../../src/core/errors.js';
import { cpuEngine } from '../../../src/engine/engine-settings.js';
import { evaluatorSchema } from '../../../src/evaluator/config.js';
import { Evaluator } from '../../../src/evaluator/evaluator.js';
import type { Quantization } from '../../../src/evaluator/quantization/calibrate.js';
import { quantize } from '../../../src/evaluator/quantization/quantize.js';
import type { Position } from '../../../src/go/position.js';
import { defaultRules } from '../../../src/go/rules.js';
import { ratingGames, type RatedPlayer } from '../../shared/self-play/rating-games.js';
import { modelFile } from '../network.js';

/**
 * Keys: wins, draws, losses and `score` of eight bits over `--games` games at `--visits`, with `scoreCi95`; `calibration`, what
 * calibrating measured.
 */
export async function run(args: string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({
    args,
    options: {
      net: { type: 'string', default: usualNetwork },
      games: { type: 'string', default: '400' },
      visits: { type: 'string', default: '16' },
    },
  });
  const [games, visits] = [Number(values.games), Number(values.visits)];
  check(
    games % 2 === 0,
    () => `--games is ${values.games}; it must be even, since each opening is played with both colors`,
  );
  const file = modelFile(values.net).bytes;
  const quantization = await quantize(
    { file, positions: [], engine: cpuEngine, seed: 1 },
    new AbortController().signal,
  );
  const evaluator = serve(file, quantization);
  try {
    const options = { size: 9, rules: defaultRules(9), games, visits };
    const [result] = await ratingGames(playerOf(evaluator, 'int8'), [playerOf(evaluator, 'fp32')], options);
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

function playerOf(evaluator: Evaluator, name: string): RatedPlayer {
  return {
    name,
    network: {
      evaluate: async (positions: readonly Position[]) => {
        const snapshots = positions.map((position) => position.snapshot());
        return (await evaluator.evaluate({ model: `net@${name}`, positions: snapshots })).evaluations;
      },
    },
  };
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
