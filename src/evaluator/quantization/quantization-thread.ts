/**
 * The thread in which a network is calibrated: it would keep the event loop for seconds. Of the lowest priority, and before
 * each of its short runs it asks whether it may.
 */

import { constants, setPriority } from 'node:os';
import { AppError } from '../../core/errors.js';
import { Rng } from '../../core/rng.js';
import { openEngine } from '../../engine/open-engine.js';
import { decodeModel } from '../../nn/model-file.js';
import { serve } from '../../threads/serve.js';
import { ServingSession } from '../serving-session.js';
import { calibrate, CALIBRATION_POSITIONS, type Quantization } from './calibrate.js';
import { policyPositions, sizesToPlay } from './policy-play.js';
import type { QuantizationCalls, QuantizationStart } from './quantize.js';
import { positionsInRun } from './short-runs.js';

let isStopped = false;
let working: Promise<Quantization> | undefined;
let wake: () => void = () => undefined;
let ask: () => void = () => undefined;

// Elsewhere 0 is the whole process, and not the thread that calls.
if (process.platform === 'linux') setPriority(0, constants.priority.PRIORITY_LOW);

await serve<undefined, QuantizationCalls, 'wantsTurn'>((_start, tell) => {
  ask = () => tell('wantsTurn');
  return {
    calls: { quantize: (start) => (working = work(start)), goOn: () => wake() },
    stop() {
      isStopped = true;
      wake();
    },
    async release() {
      await working;
    },
  };
});

/** Before a run: waits until the owner lets the run begin, and ends if the owner asks for that. */
async function goOn(): Promise<void> {
  endIfStopped();
  const turn = new Promise<void>((resolve) => (wake = resolve));
  ask();
  await turn;
  endIfStopped();
}

function endIfStopped(): void {
  if (isStopped) throw new AppError('cancelled', 'The calibration was stopped');
}

async function work({ file, positions, engine: settings, seed }: QuantizationStart): Promise<Quantization> {
  const engine = await openEngine(settings);
  const rng = new Rng(seed);
  const { architecture } = decodeModel(file);
  try {
    await goOn();
    const all = [...positions];
    const session = await ServingSession.load(file, engine);
    for (const [size, count] of sizesToPlay(session.shape.boards, CALIBRATION_POSITIONS - all.length)) {
      if (count <= 0) continue;
      const inRun = positionsInRun(architecture, size);
      all.push(...(await policyPositions(session, { size, count, inRun }, rng, goOn)));
    }
    await session.release();
    for (let i = all.length - 1; i > 0; i--) {
      const j = rng.int(i + 1);
      [all[i], all[j]] = [all[j]!, all[i]!];
    }
    return await calibrate(file, engine, all, goOn);
  } finally {
    await engine.close();
  }
}
