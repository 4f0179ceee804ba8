import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { memoryFile, type FileWork } from '../../../../bench/interleavings/memory-file.js';
import { Uploads, type Upload, type UploadMessage } from '../../../../src/server/transport/receive-upload.js';

const bytes = Buffer.from('a whole file');

/** An upload of `bytes` to a disk that fails at this work. */
function upload(uploads: Uploads): Promise<Upload<UploadMessage>> {
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  // eslint-disable-next-line @typescript-eslint/require-await -- the interface is asynchronous
  const messages = (async function* () {
    yield { chunk: bytes, sizeBytes: bytes.length, sha256 };
  })();
  return uploads.receive(messages, { maxBytes: 100, signal: new AbortController().signal });
}

function failingAt(failing: FileWork): Uploads {
  const work = (what: FileWork): Promise<void> =>
    what === failing ? Promise.reject(new Error(`EIO: ${what}`)) : Promise.resolve();
  return new Uploads({ folder: '', maxBytes: 1 << 20, stallMs: 10_000, openFile: () => memoryFile(100, work) });
}

it('takes a whole file though the system cannot close its spool, and frees its place', async () => {
  const uploads = failingAt('close');
  for (let time = 0; time < 2; time++) {
    const { bytes: taken, done } = await upload(uploads);
    expect(Buffer.from(taken)).toEqual(bytes);
    done();
  }
});

it.each(['open', 'write', 'read'] as const)(
  'refuses a file when the disk fails at %s, and frees its place',
  async (work) => {
    const uploads = failingAt(work);
    for (let time = 0; time < 2; time++) await expect(upload(uploads)).rejects.toMatchObject({ kind: 'unavailable' });
  },
);
