/** Calibrates a network in a thread of its own. */

import { AppError } from '../../core/errors.js';
import { cancelled, throwIfAborted } from '../../core/signals.js';
import type { EngineSettings } from '../../engine/engine-settings.js';
import type { Snapshot } from '../../go/snapshot.js';
import { ServiceThread } from '../../threads/service-thread.js';
import { threadUrl } from '../../threads/thread-url.js';
import type { Quantization } from './calibrate.js';

/** What is calibrated. */
export interface QuantizationStart {
  readonly file: Uint8Array;
  /** Positions of the network's own games; it plays more by its policy if they are too few. */
  readonly positions: readonly Snapshot[];
  readonly engine: EngineSettings;
  readonly seed: number;
}

/** What the thread is asked. */
export interface QuantizationCalls {
  /** Once. */
  quantize(start: QuantizationStart): Promise<Quantization>;
  /** Lets the next run begin, after the thread has said that it wants its turn. */
  goOn(): void;
}

/**
 * @param start a model file, positions, and the seed of what is played beside them
 * @param turn resolves when a short run may begin; at once if not given
 * @throws AppError 'cancelled' when the signal aborts; whatever the network cannot do
 */
export async function quantize(
  start: QuantizationStart,
  signal: AbortSignal,
  turn: () => Promise<void> = () => Promise.resolve(),
): Promise<Quantization> {
  throwIfAborted(signal);
  const url = threadUrl(import.meta.url, './quantization-thread.js');
  const thread = new ServiceThread<QuantizationCalls, undefined, 'wantsTurn'>({
    name: 'calibration',
    url,
    event: () => {
      turn().then(
        () => thread.tell('goOn'),
        (error: unknown) => void thread.close(AppError.from(error)),
      );
    },
  });
  const abort = (): void => void thread.close(cancelled(signal));
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await thread.call('quantize', start);
  } finally {
    signal.removeEventListener('abort', abort);
    await thread.close();
  }
}
