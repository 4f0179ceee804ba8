/** A Hugging Face checkpoint on the server's disk, as a model file. */

import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError, check } from '../core/errors.js';
import { encodeModel } from '../nn/model-file.js';
import { readHuggingFace } from '../nn/networks/transformer/hugging-face.js';
import { modelTokenizer, vocabularyMetadata } from '../text/model-tokenizer.js';

/**
 * Reads config.json, every *.safetensors, tokenizer.json and tokenizer_config.json of a folder. Without tokenizer.json the
 * model reads bytes.
 *
 * @throws AppError 'invalid-argument' if the checkpoint is of another family, damaged or larger than `maxBytes`
 */
export async function readCheckpointFolder(folder: string, maxBytes: number): Promise<Uint8Array> {
  const names = (await readdir(folder)).sort();
  const tensorNames = names.filter((name) => name.endsWith('.safetensors'));
  check(names.includes('config.json'), `The folder '${folder}' has no config.json`);
  check(tensorNames.length > 0, `The folder '${folder}' has no *.safetensors file`);
  let total = 0;
  for (const name of tensorNames) total += (await stat(join(folder, name))).size;
  check(total <= maxBytes, () => `The checkpoint '${folder}' has ${total} bytes; this server takes ${maxBytes}`);
  const text = async (name: string): Promise<string | undefined> =>
    names.includes(name) ? readFile(join(folder, name), 'utf8') : undefined;
  const { architecture, weights } = readHuggingFace({
    config: (await text('config.json')) ?? '',
    tensors: await Promise.all(tensorNames.map((name) => readFile(join(folder, name)))),
  });
  const metadata = vocabularyMetadata({
    tokenizer: await text('tokenizer.json'),
    tokenizerConfig: await text('tokenizer_config.json'),
  });
  // A model whose vocabulary cannot be read would fail much later.
  modelTokenizer(metadata, architecture.vocabulary);
  return encodeModel({ architecture, weights, metadata });
}

/** Whether a path is a folder. @throws AppError 'not-found' if there is nothing */
export async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    throw new AppError('not-found', `The file '${path}' cannot be read on the server`, { cause: error });
  }
}
