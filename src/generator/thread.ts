/** A thread that generates with one model: steps while there is work, and listens between steps. */

import { parentPort, workerData } from 'node:worker_threads';
import { AppError, assert } from '../core/errors.js';
import { listen } from '../engine/closing.js';
import { decodeTransformer } from '../nn/model-file.js';
import { ContinuousBatch } from './continuous-batch.js';
import { Decoder } from './decoder.js';
import type { FromThread, ThreadData, ToThread } from './messages.js';

const port = parentPort;
assert(port !== null, 'thread.ts runs as a worker thread');
const { modelFile, provider, limits } = workerData as ThreadData;
const decoder = await Decoder.open(decodeTransformer(modelFile), provider);
const batch = new ContinuousBatch(decoder, limits);
/** The steps under way, and the answers. */
let running: Promise<void> | undefined;
const answers = new Set<Promise<void>>();

listen(port, {
  take,
  async release() {
    await Promise.allSettled([running, ...answers]);
    await decoder.release();
  },
});
say({ kind: 'ready' });

function say(message: FromThread): void {
  port?.postMessage(message);
}

function take(message: ToThread): void {
  if (message.kind === 'cancel') batch.cancel(message.id, message.completion);
  else if (message.kind === 'add') add(message);
  else {
    const answered = answer(message).finally(() => answers.delete(answered));
    answers.add(answered);
  }
}

function add({ task }: ToThread & { kind: 'add' }): void {
  try {
    batch.add(task);
  } catch (thrown) {
    const { kind: error, message } = AppError.from(thrown);
    say({ kind: 'refused', id: task.id, error, message });
    return;
  }
  running ??= run().finally(() => (running = undefined));
}

async function answer({ id, tokens }: ToThread & { kind: 'logits' }): Promise<void> {
  try {
    say({ kind: 'logits', id, logits: await decoder.logits(tokens) });
  } catch (thrown) {
    const { kind: error, message } = AppError.from(thrown);
    say({ kind: 'refused', id, error, message });
  }
}

async function run(): Promise<void> {
  while (!batch.isIdle) {
    const tokens = await batch.step();
    if (tokens.length > 0) say({ kind: 'tokens', tokens });
    // Lets messages in: new tasks join and cancelled ones leave before the next step.
    await new Promise((resolve) => setImmediate(resolve));
  }
}
