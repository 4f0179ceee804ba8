/** Texts as tokens. Runs in threads: how long that takes, a vocabulary's own patterns decide, and some never end. */

import { TokenizeResponse } from '../proto/tengen/v1/generation.js';
import { modelTokenizer, type VocabularyFiles } from '../text/model-tokenizer.js';
import { chatPrompt } from '../text/samples.js';
import type { Tokenizer } from '../text/tokenizer.js';
import { transferring } from '../threads/messages.js';
import { encodeAnswer } from './carry-out.js';

/** What is made into tokens: a text, or the messages of a conversation. */
export type Untokenized = string | readonly { readonly role: string; readonly content: string }[];

/** A model's vocabulary. */
export interface Vocabulary {
  readonly files: VocabularyFiles;
  /** Tokens that the model knows. */
  readonly size: number;
}

/** Vocabularies that a thread keeps; one may have a hundred megabytes. */
const KEPT = 2;
const kept = new Map<string, Tokenizer>();

/**
 * The tokens of a text.
 *
 * @param ref name@version of the model
 * @param vocabulary needed once in each thread, since it is large
 * @returns undefined if the thread does not have the vocabulary
 * @throws AppError 'invalid-argument' if the conversation is none
 */
export function makeTokens(ref: string, what: Untokenized, vocabulary?: Vocabulary): Int32Array | undefined {
  const tokenizer = tokenizerOf(ref, vocabulary);
  if (!tokenizer) return undefined;
  const tokens = Int32Array.from(typeof what === 'string' ? tokenizer.encode(what) : chatPrompt(what, tokenizer));
  return transferring(tokens, [tokens.buffer]);
}

/**
 * The answer of Tokenize, in bytes, since to write it takes longer than to make the tokens.
 *
 * @param text what is made into tokens
 * @param context tokens that the model of `ref` reads at once
 * @returns undefined if the thread does not have the vocabulary
 */
export function tokenizeAnswer(
  ref: string,
  text: string,
  context: number,
  vocabulary?: Vocabulary,
): Uint8Array | undefined {
  const tokenizer = tokenizerOf(ref, vocabulary);
  if (!tokenizer) return undefined;
  const { vocabularySize, endOfText } = tokenizer;
  return encodeAnswer(TokenizeResponse, { ids: tokenizer.encode(text), vocabularySize, endOfText, context });
}

function tokenizerOf(ref: string, vocabulary: Vocabulary | undefined): Tokenizer | undefined {
  if (vocabulary) kept.set(ref, modelTokenizer({ ...vocabulary.files } as Record<string, string>, vocabulary.size));
  for (const [oldest] of kept) if (kept.size > KEPT) kept.delete(oldest);
  return kept.get(ref);
}
