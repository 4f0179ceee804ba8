/** Model files before they are stored and after. Runs in threads: what is in a file decides how long it takes. */

import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import type { NewModel } from '../../store/store.js';
import { owned, transferring } from '../../threads/messages.js';
import { readCheckpointFolder } from './checkpoint-folder.js';
import { ImportFolder, readPlainFile } from './import-folder.js';
import { fromKatago, isPacked, toKatago } from './katago-file.js';
import { describeModel } from './model-file.js';

/** A model file, and what the store wants to know of it. */
export interface DescribedModel {
  readonly bytes: Uint8Array;
  readonly description: Omit<NewModel, 'name'>;
}

/** A file as it goes out. */
export interface PackedModel {
  readonly bytes: Uint8Array;
  /** Hexadecimal. */
  readonly sha256: string;
}

/**
 * Reads an uploaded file, which was given away; KataGo's become model files.
 *
 * @throws AppError 'invalid-argument' naming what is wrong with it
 */
export async function readModel(given: Uint8Array, maxBytes: number): Promise<DescribedModel> {
  const bytes = owned(isPacked(given) ? await fromKatago(given, maxBytes) : given);
  return transferring({ bytes, description: describeModel(bytes) }, [bytes.buffer]);
}

/**
 * Reads a file, or the folder of a checkpoint, of the server's disk.
 *
 * @param folder see `ImportFolder`
 * @throws AppError as `ImportFolder.resolve` and `readModel` do
 */
export async function importModel(folder: string, path: string, maxBytes: number): Promise<DescribedModel> {
  const imports = new ImportFolder(folder);
  const found = await imports.resolve(path);
  const bytes = (await stat(found)).isDirectory()
    ? await readCheckpointFolder(found, maxBytes, (file) => imports.resolve(file))
    : await readPlainFile(found, maxBytes);
  return await readModel(bytes, maxBytes);
}

/** KataGo's form of a stored model file; see `toKatago`. */
export async function packModel(name: string, stored: Uint8Array): Promise<PackedModel> {
  const bytes = owned(await toKatago(name, stored));
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return transferring({ bytes, sha256 }, [bytes.buffer]);
}
