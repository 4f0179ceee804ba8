/** Makes texts into tokens in threads, with a limit of time. */

import { AppError } from '../core/errors.js';
import type { LoadedModel } from '../generator/generator.js';
import { threadModule, type ThreadPool } from '../threads/pool.js';
import type { Untokenized } from './make-tokens.js';
import type * as making from './make-tokens.js';

const maker = threadModule<typeof making>(import.meta.url, './make-tokens.js');

/** The longest text that is taken needs a second. */
const MAX_MS = 20_000;

/**
 * The tokens of a text or of a conversation's messages.
 *
 * @throws AppError 'deadline-exceeded' if the model's vocabulary takes too long for the text
 */
export async function tokensOf(
  pool: ThreadPool,
  { ref, files, vocabulary: size }: Pick<LoadedModel, 'ref' | 'files' | 'vocabulary'>,
  what: Untokenized,
  signal?: AbortSignal,
): Promise<number[]> {
  const thread = await pool.hold(signal);
  try {
    const options = { timeoutMs: MAX_MS };
    const tokens =
      (await thread.run(maker, 'makeTokens', [ref, what], options)) ??
      (await thread.run(maker, 'makeTokens', [ref, what, { files, size }], options));
    return [...tokens!];
  } catch (error) {
    if (AppError.from(error).kind !== 'deadline-exceeded' || signal?.aborted) throw error;
    const says = `The vocabulary of ${ref} takes longer than ${MAX_MS / 1000} s to make this text into tokens`;
    throw new AppError('deadline-exceeded', says, { cause: error });
  } finally {
    thread.release();
  }
}
