/** The reading of a data set. Runs in a thread: how long it takes, a vocabulary's own patterns decide, and some never end. */

import { modelTokenizer } from '../../text/model-tokenizer.js';
import { transferring } from '../../threads/messages.js';
import { type LanguageDataOptions, type LanguageRows, readLanguageRows } from './language-data.js';

/**
 * Reads, splits and cuts the data; see `readLanguageRows`.
 *
 * @param metadata of the model, with its vocabulary
 * @param vocabulary number of tokens that the model knows
 */
export function readRows(
  file: Uint8Array,
  metadata: Readonly<Record<string, string>>,
  vocabulary: number,
  options: LanguageDataOptions,
): LanguageRows {
  const rows = readLanguageRows(file, modelTokenizer(metadata, vocabulary), options);
  return transferring(
    rows,
    [rows.tokens, rows.weights, rows.bounds].map(({ buffer }) => buffer as ArrayBuffer),
  );
}
