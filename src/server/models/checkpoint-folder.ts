/** A Hugging Face checkpoint on this machine's disk, as a model file. */

import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { check } from '../../core/errors.js';
import { quoted } from '../../core/quoted.js';
import { encodeModel } from '../../nn/model-file.js';
import { readHuggingFace } from '../../nn/networks/transformer/hugging-face.js';
import { modelTokenizer, vocabularyMetadata } from '../../text/model-tokenizer.js';
import { readPlainFile } from './import-folder.js';

/** Most bytes of config.json, and of each of the vocabulary's files. */
const MAX_TEXT = 64 * 1024 * 1024;

/**
 * Reads config.json, every *.safetensors, tokenizer.json and tokenizer_config.json of a folder. Without tokenizer.json the
 * model reads bytes.
 *
 * @param resolve where a file of the folder really is; throws if it may not be read
 * @throws AppError 'invalid-argument' if the checkpoint is of an architecture unknown here, damaged or larger than `maxBytes`
 */
export async function readCheckpointFolder(
  folder: string,
  maxBytes: number,
  resolve: (path: string) => Promise<string> = (path) => Promise.resolve(path),
): Promise<Uint8Array<ArrayBuffer>> {
  const names = (await readdir(folder)).sort();
  const tensorNames = names.filter((name) => name.endsWith('.safetensors'));
  check(names.includes('config.json'), () => `The folder ${quoted(folder)} has no config.json`);
  check(tensorNames.length > 0, () => `The folder ${quoted(folder)} has no *.safetensors file`);
  const paths = await Promise.all(tensorNames.map((name) => resolve(join(folder, name))));
  let total = 0;
  for (const path of paths) total += (await stat(path)).size;
  check(total <= maxBytes, () => `The checkpoint ${quoted(folder)} has ${total} bytes; at most ${maxBytes} are taken`);
  const text = async (name: string): Promise<string | undefined> =>
    names.includes(name) ? (await readPlainFile(await resolve(join(folder, name)), MAX_TEXT)).toString() : undefined;
  const { architecture, weights } = readHuggingFace({
    config: (await text('config.json')) ?? '',
    tensors: await Promise.all(paths.map((path) => readPlainFile(path, maxBytes))),
  });
  const metadata = vocabularyMetadata({
    tokenizer: await text('tokenizer.json'),
    tokenizerConfig: await text('tokenizer_config.json'),
  });
  // A model whose vocabulary cannot be read would fail much later.
  modelTokenizer(metadata, architecture.vocabulary);
  return encodeModel({ architecture, weights, metadata });
}
