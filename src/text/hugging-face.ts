/**
 * A checkpoint's own vocabulary, from its `tokenizer.json` and `tokenizer_config.json` (Hugging Face's format), through
 * the package @huggingface/tokenizers.
 */

import * as library from '@huggingface/tokenizers';
import { AppError, check } from '../core/errors.js';
import { type Tokenizer, markers } from './tokenizer.js';

/** The part of the package that is used; its own declarations leave out file endings, which Node's resolution needs. */
interface HuggingFaceTokenizer {
  encode(text: string, options: { add_special_tokens: boolean }): { readonly ids: number[] };
  decode(ids: number[], options: { skip_special_tokens: boolean; clean_up_tokenization_spaces: boolean }): string;
  token_to_id(token: string): number | undefined;
  get_vocab(withAdded: boolean): ReadonlyMap<string, number>;
}
const { Tokenizer: HuggingFaceTokenizer } = library as unknown as {
  readonly Tokenizer: new (tokenizer: object, config: object) => HuggingFaceTokenizer;
};

/** The files of a vocabulary, parsed as JSON. */
export interface TokenizerFiles {
  /** tokenizer.json. */
  readonly tokenizer: unknown;
  /** tokenizer_config.json; may be missing. */
  readonly config?: unknown;
}

/**
 * Reads a vocabulary. The token that ends a text is the config's `eos_token`, else the first that the vocabulary has of
 * `<|endoftext|>`, `<|im_end|>`, `</s>`. Markers written out in a text are read as markers, as in Hugging Face's own.
 *
 * @throws AppError 'invalid-argument' if the files are of another form, or no token ends a text
 */
export function huggingFaceTokenizer({ tokenizer: file, config }: TokenizerFiles): Tokenizer {
  check(isRecord(file) && isRecord(file['model']), 'tokenizer.json must be a JSON object with a model');
  const settings = isRecord(config) ? config : {};
  const tokenizer = open(file, settings);
  const endOfText = findEnd(tokenizer, settings['eos_token']);
  return {
    vocabularySize: [...tokenizer.get_vocab(true).values()].reduce((most, id) => Math.max(most, id + 1), 0),
    endOfText,
    encode: (text) => tokenizer.encode(text, { add_special_tokens: false }).ids,
    decode: (ids) => tokenizer.decode([...ids], { skip_special_tokens: true, clean_up_tokenization_spaces: false }),
    encodeMarker(marker) {
      const id = tokenizer.token_to_id(marker);
      return id === undefined ? tokenizer.encode(marker, { add_special_tokens: false }).ids : [id];
    },
  };
}

function open(file: object, settings: object): HuggingFaceTokenizer {
  try {
    return new HuggingFaceTokenizer(file, settings);
  } catch (error) {
    // The package's own message may quote the file.
    throw new AppError('invalid-argument', 'tokenizer.json is no vocabulary that can be read here', { cause: error });
  }
}

/** `eos_token` is written as a string, or as an object with `content`. */
function findEnd(tokenizer: HuggingFaceTokenizer, eos: unknown): number {
  const named = isRecord(eos) ? eos['content'] : eos;
  const candidates = [named, markers.endOfText, markers.messageEnd, '</s>'];
  for (const word of candidates) {
    const id = typeof word === 'string' ? tokenizer.token_to_id(word) : undefined;
    if (id !== undefined) return id;
  }
  throw new AppError('invalid-argument', `No token ends a text: tokenizer_config.json names no known 'eos_token'`);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
