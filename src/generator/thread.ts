/** A thread that generates with one model: steps while there is work, and listens between steps. */

import { parentPort, workerData } from 'node:worker_threads';
import { AppError, assert } from '../core/errors.js';
import { listen } from '../engine/closing.js';
import { decodeTransformer } from '../nn/model-file.js';
import { modelTokenizer, type VocabularyFiles } from '../text/model-tokenizer.js';
import { sendError } from '../threads/messages.js';
import { ContinuousBatch, type GeneratedToken } from './continuous-batch.js';
import { Decoder } from './decoder.js';
import type { FromThread, ThreadData, ToThread } from './messages.js';
import { Speech, type SpokenToken } from './speech.js';

const port = parentPort;
assert(port !== null, 'thread.ts runs as a worker thread');
const { modelFile, provider, limits } = workerData as ThreadData;

try {
  const { metadata, ...model } = decodeTransformer(modelFile);
  const { context, vocabulary } = model.architecture;
  const decoder = await Decoder.open({ metadata, ...model }, provider);
  serve(decoder, () => new Speech(modelTokenizer(metadata, vocabulary)));
  const { tokenizer, tokenizerConfig }: VocabularyFiles = metadata;
  say({ kind: 'ready', facts: { context, vocabulary, files: { tokenizer, tokenizerConfig } } });
} catch (error) {
  say({ kind: 'failed', error: sendError(error) });
}

function say(message: FromThread): void {
  port?.postMessage(message);
}

function refuse(id: number, thrown: unknown): void {
  const { kind: error, message } = AppError.from(thrown);
  say({ kind: 'refused', id, error, message });
}

async function answer(decoder: Decoder, { id, tokens }: ToThread & { kind: 'logits' }): Promise<void> {
  try {
    say({ kind: 'logits', id, logits: await decoder.logits(tokens) });
  } catch (thrown) {
    refuse(id, thrown);
  }
}

function serve(decoder: Decoder, openSpeech: () => Speech): void {
  const batch = new ContinuousBatch(decoder, limits);
  let speech: Speech | undefined;
  /** The steps under way, and the answers. */
  let running: Promise<void> | undefined;
  const answers = new Set<Promise<void>>();

  const add = ({ task, stops }: ToThread & { kind: 'add' }): void => {
    try {
      speech ??= openSpeech();
      batch.add(task);
      speech.add(task, stops);
    } catch (thrown) {
      refuse(task.id, thrown);
      return;
    }
    running ??= run(speech).finally(() => (running = undefined));
  };

  const run = async (of: Speech): Promise<void> => {
    while (!batch.isIdle) {
      const generated = await batch.step();
      const tokens = generated.flatMap((token) => spoken(of, token));
      if (tokens.length > 0) say({ kind: 'tokens', tokens });
      // Lets messages in: new tasks join and cancelled ones leave before the next step.
      await new Promise((resolve) => setImmediate(resolve));
    }
  };

  const cancel = (id: number): void => {
    batch.cancel(id);
    speech?.end(id);
  };

  const spoken = (of: Speech, generated: GeneratedToken): SpokenToken[] => {
    try {
      const token = of.say(generated);
      if (token.finishReason && !generated.finishReason) batch.cancel(token.id, token.completion);
      return [token];
    } catch (thrown) {
      // What a vocabulary cannot make into text ends its task alone.
      cancel(generated.id);
      refuse(generated.id, thrown);
      return [];
    }
  };

  listen(port!, {
    take(message: ToThread) {
      if (message.kind === 'cancel') cancel(message.id);
      else if (message.kind === 'add') add(message);
      else {
        const answered = answer(decoder, message).finally(() => answers.delete(answered));
        answers.add(answered);
      }
    },
    async release() {
      await Promise.allSettled([running, ...answers]);
      await decoder.release();
    },
  });
}
