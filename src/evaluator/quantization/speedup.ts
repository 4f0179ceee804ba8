/** How much faster a network is in eight bits, measured so that a figure says whether it can be believed. */

import { readFileSync } from 'node:fs';
import { median } from '../../core/statistics.js';
import type { PackedPositions } from '../../go/packed-position.js';
import type { ServingSession } from '../serving-session.js';
import { allocateOutputs } from '../slots.js';

/** Time of an evaluation in float32 over that in eight bits, in one thread. */
export interface Speedup {
  /** Median over the rounds. */
  readonly speedup: number;
  /** Largest less smallest of the rounds, as a share of the median; not there in measurements from before it was kept. */
  readonly speedupSpread?: number;
}

/** Rounds that are measured, in turns; one before them warms both up. */
const ROUNDS = 6;
/** Batches of a round. */
const BATCHES = 4;
/** Spread up to which the rounds agree. */
const CERTAIN_SPREAD = 0.2;

/** Whether the rounds agree so well that the figure may be shown: on a machine that does other work they do not. */
export function isCertain({ speedupSpread }: Speedup): boolean {
  return speedupSpread !== undefined && speedupSpread <= CERTAIN_SPREAD;
}

/** Runs both on the same batches, round by round in turns; `goOn` is called before each run. */
export async function measureSpeedup(
  exact: ServingSession,
  quantized: ServingSession,
  batches: readonly PackedPositions[],
  goOn: () => Promise<void> | void,
): Promise<Speedup> {
  const chosen = batches.filter((_, i) => i % Math.ceil(batches.length / BATCHES) === 0);
  const time = async (session: ServingSession): Promise<number> => {
    let ms = 0;
    for (const batch of chosen) {
      await goOn();
      const outputs = allocateOutputs(batch.count, batch.size);
      const started = threadMs();
      await session.evaluate({ ...batch, ownership: false }, outputs);
      ms += threadMs() - started;
    }
    return ms;
  };
  const ratios: number[] = [];
  for (let round = 0; round <= ROUNDS; round++) ratios.push((await time(exact)) / (await time(quantized)));
  return agreement(ratios.slice(1));
}

/** The figure that rounds give. */
export function agreement(ratios: readonly number[]): Speedup {
  const speedup = median(ratios);
  return { speedup, speedupSpread: (Math.max(...ratios) - Math.min(...ratios)) / speedup };
}

/** Milliseconds that this thread has computed, where the system says so: what others compute meanwhile does not count. */
function threadMs(): number {
  try {
    return Number(readFileSync('/proc/thread-self/schedstat', 'latin1').split(' ')[0]) / 1e6;
  } catch {
    return performance.now();
  }
}
