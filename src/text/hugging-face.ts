/**
 * A checkpoint's own vocabulary, from its `tokenizer.json` and `tokenizer_config.json` (Hugging Face's format), through
 * the package @huggingface/tokenizers.
 */

import * as library from '@huggingface/tokenizers';
import { AppError, check } from '../core/errors.js';
import { shown } from '../core/quoted.js';
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
 * To open it and to encode with it may never end, where its normalizer or pre-tokenizer has patterns; to decode ends soon.
 *
 * @throws AppError 'invalid-argument' if the files are of another form, its decoder has patterns, or no token ends a text
 */
export function huggingFaceTokenizer({ tokenizer: file, config }: TokenizerFiles): Tokenizer {
  check(isRecord(file) && isRecord(file['model']), 'tokenizer.json must be a JSON object with a model');
  checkDecoder(file['decoder']);
  const settings = isRecord(config) ? config : {};
  const tokenizer = open(file, settings);
  const endOfText = findEnd(tokenizer, settings['eos_token']);
  return {
    vocabularySize: [...tokenizer.get_vocab(true).values()].reduce((most, id) => Math.max(most, id + 1), 0),
    endOfText,
    encode: (text) => tokenizer.encode(text, { add_special_tokens: false }).ids,
    decode(ids) {
      // The package takes no empty list.
      if (ids.length === 0) return '';
      return tokenizer.decode([...ids], { skip_special_tokens: true, clean_up_tokenization_spaces: false });
    },
    encodeMarker(marker) {
      const id = tokenizer.token_to_id(marker);
      return id === undefined ? tokenizer.encode(marker, { add_special_tokens: false }).ids : [id];
    },
  };
}

/** Decoders, one after the other, that no known vocabulary has as many of. */
const MOST_DECODERS = 16;

/** Refuses a decoder whose time, or whose text, is not bounded by the length of the tokens. */
function checkDecoder(decoder: unknown): void {
  const open = [decoder];
  for (let count = 1; open.length > 0; count++) {
    check(count <= MOST_DECODERS, `The decoder of tokenizer.json has more than ${MOST_DECODERS} parts`);
    const part = open.pop();
    if (!isRecord(part)) continue;
    const { type, pattern, content, decoders } = part;
    if (Array.isArray(decoders)) open.push(...(decoders as unknown[]).slice(0, MOST_DECODERS + 1));
    if (type !== 'Replace' || !isRecord(pattern)) continue;
    const { Regex: regex, String: string } = pattern;
    check(
      regex === undefined,
      () => `The decoder of tokenizer.json replaces the pattern ${shown(regex)}; it may replace a String alone`,
    );
    check(
      typeof string !== 'string' || typeof content !== 'string' || content.length <= string.length,
      () => `The decoder of tokenizer.json replaces ${shown(string)} by ${shown(content)}, which must not be longer`,
    );
  }
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
