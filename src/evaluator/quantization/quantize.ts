/** Calibrates a network in a thread of its own. */

import { Worker } from 'node:worker_threads';
import { AppError, type ErrorKind } from '../../core/errors.js';
import { cancelled } from '../../core/signals.js';
import type { EngineSettings } from '../../engine/open-engine.js';
import { threadUrl } from '../../threads/thread-url.js';
import type { Snapshot } from '../../go/snapshot.js';
import type { Failure } from '../session-messages.js';
import type { Quantization } from './calibrate.js';

/** What the thread starts with. */
export interface QuantizationStart {
  readonly file: Uint8Array;
  /** Positions of the network's own games; it plays more by its policy if they are too few. */
  readonly positions: readonly Snapshot[];
  readonly engine: EngineSettings;
  readonly seed: number;
  /** An int32; anything but 0 ends the thread after the batch under way. */
  readonly stop: SharedArrayBuffer;
}

/** What the thread answers, once. */
export type QuantizationReply = { readonly quantization: Quantization } | { readonly failure: Failure };

/**
 * @param start a model file, positions, and the seed of what is played beside them
 * @throws AppError 'cancelled' when the signal aborts; whatever the network cannot do
 */
export async function quantize(start: Omit<QuantizationStart, 'stop'>, signal: AbortSignal): Promise<Quantization> {
  const stop = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(threadUrl(import.meta.url, './quantization-thread.js'), {
    workerData: { ...start, stop: stop.buffer } satisfies QuantizationStart,
  });
  // Terminating a thread inside ONNX Runtime would take the process with it.
  const abort = (): void => void Atomics.store(stop, 0, 1);
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  try {
    const reply = await new Promise<QuantizationReply>((resolve, reject) => {
      let answer: QuantizationReply | undefined;
      worker.on('message', (message: QuantizationReply) => (answer = message));
      worker.on('error', reject);
      worker.on('exit', () => {
        if (answer) resolve(answer);
        else reject(new AppError('internal', 'The thread that calibrates a network ended without an answer'));
      });
    });
    if ('quantization' in reply) return reply.quantization;
    throw signal.aborted
      ? cancelled(signal)
      : new AppError(reply.failure.errorKind as ErrorKind, reply.failure.message);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
