/** The thread in which a network is calibrated: it would keep the event loop for seconds. */

import { parentPort, workerData } from 'node:worker_threads';
import { AppError } from '../../core/errors.js';
import { Rng } from '../../core/rng.js';
import { openEngine } from '../../engine/open-engine.js';
import { calibrate, CALIBRATION_POSITIONS } from './calibrate.js';
import { policyPositions, sizesToPlay } from './policy-play.js';
import type { QuantizationStart, QuantizationReply } from './quantize.js';
import { ServingSession } from '../serving-session.js';

const { file, positions, engine: settings, seed, stop } = workerData as QuantizationStart;
const stopped = new Int32Array(stop);

/** Looks between two batches: this thread serves no events while it computes. */
function goOn(): void {
  if (Atomics.load(stopped, 0) !== 0) throw new AppError('cancelled', 'The calibration was stopped');
}

async function work(): Promise<QuantizationReply> {
  const engine = await openEngine(settings);
  const rng = new Rng(seed);
  try {
    const all = [...positions];
    const session = await ServingSession.load(file, engine);
    for (const [size, count] of sizesToPlay(session.shape.boards, CALIBRATION_POSITIONS - all.length)) {
      if (count > 0) all.push(...(await policyPositions(session, { size, count }, rng, goOn)));
    }
    await session.release();
    for (let i = all.length - 1; i > 0; i--) {
      const j = rng.int(i + 1);
      [all[i], all[j]] = [all[j]!, all[i]!];
    }
    return { quantization: await calibrate(file, engine, all, goOn) };
  } finally {
    await engine.close();
  }
}

try {
  parentPort?.postMessage(await work());
} catch (error) {
  const { kind, message } = AppError.from(error);
  parentPort?.postMessage({ failure: { errorKind: kind, message } } satisfies QuantizationReply);
}
