/** sha256 of bytes, sliced, so that a file of gigabytes does not keep the event loop from everybody else. */

import { createHash } from 'node:crypto';
import { breathe } from '../../core/breathe.js';

const SLICE = 1 << 20;

/** sha256 in hexadecimal; other work runs between the slices. */
export async function digest(bytes: Uint8Array): Promise<string> {
  const hash = createHash('sha256');
  for (let at = 0; at < bytes.length; at += SLICE) {
    if (at > 0) await breathe();
    hash.update(bytes.subarray(at, at + SLICE));
  }
  return hash.digest('hex');
}
