/** Texts as tokens. Runs in threads: how long that takes, a vocabulary's own patterns decide, and some never end. */

import { LruMap } from '../../core/lru-map.js';
import { TokenizeResponse } from '../../proto/tengen/v1/generation.js';
import { modelTokenizer, type VocabularyFiles } from '../../text/model-tokenizer.js';
import { chatPrompt } from '../../text/samples.js';
import { markers, type Tokenizer } from '../../text/tokenizer.js';
import { transferring } from '../../threads/messages.js';
import { encodeAnswer } from '../transport/carry-out.js';

/** What is made into tokens: a text, or the messages of a conversation. */
export type Untokenized = string | readonly { readonly role: string; readonly content: string }[];

/** A model's vocabulary. */
export interface Vocabulary {
  readonly files: VocabularyFiles;
  /** Tokens that the model knows. */
  readonly size: number;
}

/** Vocabularies that a thread keeps, by their models; one may have a hundred megabytes. */
const KEPT = 2;
const kept = new LruMap<string, Tokenizer>();

/**
 * Opens a vocabulary; those that were unused for longest are let go.
 *
 * @param ref name@version of the model
 * @returns the tokens that end a text, or a message where the vocabulary has one for that
 * @throws AppError 'invalid-argument' if it cannot be read
 */
export function openVocabulary(ref: string, { files, size }: Vocabulary): number[] {
  const tokenizer = modelTokenizer({ ...files } as Record<string, string>, size);
  kept.set(ref, tokenizer);
  while (kept.size > KEPT) kept.takeOldest();
  const end = tokenizer.encodeMarker(markers.messageEnd);
  return [tokenizer.endOfText, ...(end.length === 1 ? end : [])];
}

/**
 * The tokens of a text.
 *
 * @returns undefined if the thread does not have the vocabulary
 * @throws AppError 'invalid-argument' if the conversation is none
 */
export function makeTokens(ref: string, what: Untokenized): Int32Array | undefined {
  const tokenizer = kept.get(ref);
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
export function tokenizeAnswer(ref: string, text: string, context: number): Uint8Array | undefined {
  const tokenizer = kept.get(ref);
  if (!tokenizer) return undefined;
  const { vocabularySize, endOfText } = tokenizer;
  return encodeAnswer(TokenizeResponse, { ids: tokenizer.encode(text), vocabularySize, endOfText, context });
}
