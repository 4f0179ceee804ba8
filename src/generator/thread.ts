/** A thread that generates with one model: steps while there is work, and listens between steps. */

import { parentPort, workerData } from 'node:worker_threads';
import { AppError } from '../core/errors.js';
import { decodeTransformer } from '../nn/model-file.js';
import { ContinuousBatch } from './continuous-batch.js';
import { Decoder } from './decoder.js';
import type { FromThread, ThreadData, ToThread } from './messages.js';

const { modelFile, provider, limits } = workerData as ThreadData;
const decoder = await Decoder.open(decodeTransformer(modelFile), provider);
const batch = new ContinuousBatch(decoder, limits);
let isRunning = false;

parentPort!.on('message', (message: ToThread) => {
  if (message.kind === 'cancel') batch.cancel(message.id, message.completion);
  else if (message.kind === 'logits') void answer(message);
  else add(message);
});
say({ kind: 'ready' });

function say(message: FromThread): void {
  parentPort!.postMessage(message);
}

function add({ task }: ToThread & { kind: 'add' }): void {
  try {
    batch.add(task);
  } catch (thrown) {
    const { kind: error, message } = AppError.from(thrown);
    say({ kind: 'refused', id: task.id, error, message });
    return;
  }
  if (!isRunning) void run();
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
  isRunning = true;
  while (!batch.isIdle) {
    const tokens = await batch.step();
    if (tokens.length > 0) say({ kind: 'tokens', tokens });
    // Lets messages in: new tasks join and cancelled ones leave before the next step.
    await new Promise((resolve) => setImmediate(resolve));
  }
  isRunning = false;
}
