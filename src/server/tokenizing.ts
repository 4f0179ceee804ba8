/** Makes texts into tokens in threads, with a limit of time. */

import { AppError } from '../core/errors.js';
import type { LoadedModel } from '../generator/generator.js';
import { threadModule, type HeldThread, type ThreadPool } from '../threads/pool.js';
import type { Untokenized, Vocabulary } from './make-tokens.js';
import type * as making from './make-tokens.js';

const maker = threadModule<typeof making>(import.meta.url, './make-tokens.js');

/** The longest text that is taken needs a second. */
const MAX_MS = 20_000;

type Model = Pick<LoadedModel, 'ref' | 'files' | 'vocabulary'>;

/**
 * The tokens of a text or of a conversation's messages.
 *
 * @throws AppError 'deadline-exceeded' if the model's vocabulary takes too long for the text
 */
export async function tokensOf(
  pool: ThreadPool,
  model: Model,
  what: Untokenized,
  signal?: AbortSignal,
): Promise<Int32Array> {
  return await inThread(pool, model, signal, (thread, vocabulary) =>
    thread.run(maker, 'makeTokens', [model.ref, what, vocabulary], { timeoutMs: MAX_MS }),
  );
}

/** The answer of Tokenize to a text, in bytes. @throws AppError as `tokensOf` does */
export async function tokenizeAnswer(
  pool: ThreadPool,
  model: Model & Pick<LoadedModel, 'context'>,
  text: string,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  return await inThread(pool, model, signal, (thread, vocabulary) =>
    thread.run(maker, 'tokenizeAnswer', [model.ref, text, model.context, vocabulary], { timeoutMs: MAX_MS }),
  );
}

async function inThread<T>(
  pool: ThreadPool,
  { ref, files, vocabulary: size }: Model,
  signal: AbortSignal | undefined,
  make: (thread: HeldThread, vocabulary?: Vocabulary) => Promise<T | undefined>,
): Promise<T> {
  const thread = await pool.hold(signal);
  try {
    return (await make(thread)) ?? (await make(thread, { files, size }))!;
  } catch (error) {
    if (AppError.from(error).kind !== 'deadline-exceeded' || signal?.aborted) throw error;
    const says = `The vocabulary of ${ref} takes longer than ${MAX_MS / 1000} s to make this text into tokens`;
    throw new AppError('deadline-exceeded', says, { cause: error });
  } finally {
    thread.release();
  }
}
