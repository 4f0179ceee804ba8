/** KataGo's network files, packed with gzip as they are passed around, to and from model files. */

import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { AppError, check } from '../../core/errors.js';
import { decodeModel, encodeModel } from '../../nn/model-file.js';
import { readKatago } from '../../nn/networks/katago/read-file.js';
import { writeKatago } from '../../nn/networks/katago/write-file.js';

const unpack = promisify(gunzip);
const pack = promisify(gzip);

/** Whether a file is packed with gzip. A model file is not: the length of its header is a multiple of eight. */
export function isPacked(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b && bytes[2] === 8;
}

/**
 * Reads a packed network file.
 *
 * @param maxBytes most that it may unpack to
 * @returns the model file; its metadata keep KataGo's name and version
 * @throws AppError 'invalid-argument' naming the byte or the layer if it is broken, or what of it is not supported
 */
export async function fromKatago(packed: Uint8Array, maxBytes: number): Promise<Uint8Array> {
  const { name, architecture, weights } = readKatago(await unpacked(packed, maxBytes));
  const metadata = { katagoName: name, katagoVersion: String(architecture.version) };
  return encodeModel({ architecture, weights, metadata });
}

/**
 * Writes a packed network file of a model file.
 *
 * @param name what KataGo will call it if it has no name from there; unfit characters become '-'
 * @throws AppError 'failed-precondition' if it is a network of another kind
 */
export async function toKatago(name: string, file: Uint8Array): Promise<Uint8Array> {
  const { architecture, weights, metadata } = decodeModel(file);
  if (architecture.kind !== 'katago') {
    throw new AppError(
      'failed-precondition',
      `The network is of the kind '${architecture.kind}'; KataGo's format holds only those of the kind 'katago'`,
    );
  }
  const own = name.replace(/[^A-Za-z0-9_-]/g, '-').slice(0, 96);
  return await pack(writeKatago(metadata['katagoName'] ?? own, architecture, weights));
}

async function unpacked(bytes: Uint8Array, maxBytes: number): Promise<Uint8Array> {
  try {
    return await unpack(bytes, { maxOutputLength: maxBytes });
  } catch (error) {
    const { code } = error as { code?: unknown };
    check(
      code !== 'ERR_BUFFER_TOO_LARGE',
      `The file unpacks to more than the ${maxBytes} bytes that this server takes`,
    );
    throw new AppError('invalid-argument', `The file cannot be unpacked: ${AppError.from(error).message}`, {
      cause: error,
    });
  }
}
