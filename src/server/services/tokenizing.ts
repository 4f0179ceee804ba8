/** Opens vocabularies, and makes texts into tokens, in threads and with a limit of time. */

import { AppError } from '../../core/errors.js';
import type { UnopenedModel } from '../../generator/generator.js';
import { threadModule, type HeldThread, type ThreadPool } from '../../threads/pool.js';
import type { Untokenized } from './make-tokens.js';
import type * as making from './make-tokens.js';

const maker = threadModule<typeof making>(import.meta.url, './make-tokens.js');

/** The longest text that is taken needs a second, and the largest vocabulary some. */
const TEXT_MS = 20_000;
const OPEN_MS = 60_000;

type Model = Pick<UnopenedModel, 'ref' | 'files' | 'vocabulary'>;

/**
 * Opens a vocabulary; gives the tokens that end a text or a message.
 *
 * @throws AppError 'invalid-argument' if it cannot be read, 'deadline-exceeded' if that takes too long
 */
export async function openVocabulary(pool: ThreadPool, model: Model, signal?: AbortSignal): Promise<number[]> {
  const thread = await pool.hold(signal);
  try {
    return await openIn(thread, model);
  } finally {
    thread.release();
  }
}

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
  return await inThread(pool, model, signal, (thread) =>
    thread.run(maker, 'makeTokens', [model.ref, what], { timeoutMs: TEXT_MS }),
  );
}

/** The answer of Tokenize to a text, in bytes. @throws AppError as `tokensOf` does */
export async function tokenizeAnswer(
  pool: ThreadPool,
  model: Model & Pick<UnopenedModel, 'context'>,
  text: string,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  return await inThread(pool, model, signal, (thread) =>
    thread.run(maker, 'tokenizeAnswer', [model.ref, text, model.context], { timeoutMs: TEXT_MS }),
  );
}

async function inThread<T>(
  pool: ThreadPool,
  model: Model,
  signal: AbortSignal | undefined,
  make: (thread: HeldThread) => Promise<T | undefined>,
): Promise<T> {
  const thread = await pool.hold(signal);
  const within = (): Promise<T | undefined> =>
    limited(make(thread), `${TEXT_MS / 1000} s to make this text into tokens`, model);
  try {
    const made = await within();
    if (made !== undefined) return made;
    await openIn(thread, model);
    return (await within())!;
  } finally {
    thread.release();
  }
}

function openIn(thread: HeldThread, { ref, files, vocabulary: size }: Model): Promise<number[]> {
  const opened = thread.run(maker, 'openVocabulary', [ref, { files, size }], { timeoutMs: OPEN_MS });
  return limited(opened, `${OPEN_MS / 1000} s to be opened`, { ref });
}

/** Says what took too long. */
async function limited<T>(call: Promise<T>, what: string, { ref }: Pick<Model, 'ref'>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    if (AppError.from(error).kind !== 'deadline-exceeded') throw error;
    throw new AppError('deadline-exceeded', `The vocabulary of ${ref} takes longer than ${what}`, { cause: error });
  }
}
