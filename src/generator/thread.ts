/** A thread that generates with one model: steps while there is work, and listens between steps. */

import { serveRuns } from '../engine/closing.js';
import { openEngine } from '../engine/open-engine.js';
import { decodeTransformer } from '../nn/model-file.js';
import { modelTokenizer, type VocabularyFiles } from '../text/model-tokenizer.js';
import { sendError, transferring } from '../threads/messages.js';
import type { Served, Tell } from '../threads/serve.js';
import { ContinuousBatch, type BatchLimits, type GeneratedToken } from './continuous-batch.js';
import { Decoder } from './decoder.js';
import type { GeneratorCalls, GeneratorEvent, ThreadData } from './messages.js';
import { LogitsQueue } from './logits-queue.js';
import { Speech, type SpokenToken } from './speech.js';

await serveRuns<ThreadData, GeneratorCalls, GeneratorEvent>(async ({ modelFile, engine: settings, limits }, tell) => {
  const { metadata, ...model } = decodeTransformer(modelFile);
  const { context, vocabulary } = model.architecture;
  const engine = await openEngine(settings);
  const decoder = await Decoder.open(engine, { metadata, ...model });
  const { tokenizer, tokenizerConfig }: VocabularyFiles = metadata;
  const openSpeech = (): Speech => new Speech(modelTokenizer(metadata, vocabulary));
  const facts = { context, vocabulary, files: { tokenizer, tokenizerConfig } };
  return { ...generating({ decoder, limits, openSpeech }, tell), facts };
});

interface Parts {
  readonly decoder: Decoder;
  readonly limits: BatchLimits;
  readonly openSpeech: () => Speech;
}

function generating({ decoder, limits, openSpeech }: Parts, tell: Tell<GeneratorEvent>): Served<GeneratorCalls> {
  const batch = new ContinuousBatch(decoder, limits);
  let speech: Speech | undefined;
  /** The steps under way. */
  let running: Promise<void> | undefined;
  const queue = new LogitsQueue(decoder, limits);

  const run = async (of: Speech): Promise<void> => {
    while (!batch.isIdle) {
      const generated = await batch.step();
      const tokens = generated.flatMap((token) => spoken(of, token));
      if (tokens.length > 0) tell({ tokens });
      // Lets messages in: new tasks join and cancelled ones leave before the next step.
      await new Promise((resolve) => setImmediate(resolve));
    }
  };

  const cancel = (id: number): void => {
    queue.cancel(id);
    batch.cancel(id);
    speech?.end(id);
  };

  const refuse = (id: number, thrown: unknown): void => tell({ refused: id, error: sendError(thrown) });

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

  return {
    calls: {
      add(task, stops) {
        try {
          speech ??= openSpeech();
          batch.add(task);
          speech.add(task, stops);
        } catch (thrown) {
          refuse(task.id, thrown);
          return;
        }
        running ??= run(speech).finally(() => (running = undefined));
      },
      cancel,
      async logits(id, tokens) {
        const logits = await queue.ask(id, tokens);
        return transferring(logits, [logits.buffer]);
      },
    },
    async release() {
      await Promise.allSettled([running, queue.close()]);
      await decoder.release();
    },
  };
}
