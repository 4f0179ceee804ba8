/** The vocabulary that comes with a language model: kept as text in the metadata of its file. */

import { AppError, check } from '../core/errors.js';
import { byteTokenizer } from './bytes.js';
import { huggingFaceTokenizer } from './hugging-face.js';
import type { Tokenizer } from './tokenizer.js';

export interface VocabularyFiles {
  /** tokenizer.json; without it the vocabulary is that of bytes. */
  readonly tokenizer?: string | undefined;
  /** tokenizer_config.json */
  readonly tokenizerConfig?: string | undefined;
}

/** What a model's metadata says of its vocabulary. */
export function vocabularyMetadata({ tokenizer, tokenizerConfig }: VocabularyFiles): Record<string, string> {
  return { ...(tokenizer !== undefined && { tokenizer }), ...(tokenizerConfig !== undefined && { tokenizerConfig }) };
}

/**
 * The vocabulary of a model.
 *
 * @param metadata of its file
 * @param vocabulary number of tokens that the model knows
 * @throws AppError 'invalid-argument' if the files cannot be read, or have tokens that the model does not know
 */
export function modelTokenizer(metadata: Readonly<Record<string, string>>, vocabulary: number): Tokenizer {
  const { tokenizer: file, tokenizerConfig }: VocabularyFiles = metadata;
  const config = tokenizerConfig === undefined ? undefined : parse(tokenizerConfig, 'tokenizer_config.json');
  const tokenizer =
    file === undefined ? byteTokenizer : huggingFaceTokenizer({ tokenizer: parse(file, 'tokenizer.json'), config });
  check(
    tokenizer.vocabularySize <= vocabulary,
    () => `The vocabulary has ${tokenizer.vocabularySize} tokens; the model knows ${vocabulary}`,
  );
  return tokenizer;
}

function parse(json: string, what: string): unknown {
  try {
    return JSON.parse(json);
  } catch (error) {
    throw new AppError('invalid-argument', `The model's ${what} is not JSON`, { cause: error });
  }
}
