/** The thread in which a network is calibrated: it would keep the event loop for seconds. */

import { breathe } from '../../core/breathe.js';
import { AppError } from '../../core/errors.js';
import { Rng } from '../../core/rng.js';
import { openEngine } from '../../engine/open-engine.js';
import { serve } from '../../threads/serve.js';
import { ServingSession } from '../serving-session.js';
import { calibrate, CALIBRATION_POSITIONS, type Quantization } from './calibrate.js';
import { policyPositions, sizesToPlay } from './policy-play.js';
import type { QuantizationCalls, QuantizationStart } from './quantize.js';

let isStopped = false;
let working: Promise<Quantization> | undefined;

await serve<undefined, QuantizationCalls>(() => ({
  calls: { quantize: (start) => (working = work(start)) },
  stop: () => (isStopped = true),
  async release() {
    await working;
  },
}));

/** Between two batches: lets the owner's messages in, and ends if one of them asks for that. */
async function goOn(): Promise<void> {
  await breathe();
  if (isStopped) throw new AppError('cancelled', 'The calibration was stopped');
}

async function work({ file, positions, engine: settings, seed }: QuantizationStart): Promise<Quantization> {
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
    return await calibrate(file, engine, all, goOn);
  } finally {
    await engine.close();
  }
}
