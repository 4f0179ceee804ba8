/** Damaged files: models of our own and of KataGo, checkpoints to grow, data sets, and the checkpoints of jobs on the disk. */

import { readFile, writeFile } from 'node:fs/promises';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { Rng } from '../../src/core/rng.js';
import { damagedBytes, extremeBytes, pick } from './extremes.js';
import { mutatedJson, mutatedJsonText } from './json.js';
import { datasetMessages, encode, fileMessages, modelMessages, type Json, said } from './messages.js';
import { pathOf } from './schema.js';
import { sampleLines, taskLines } from './valid-files.js';
import { validRequests } from './valid-requests.js';
import { unclearStatus, type Finding } from './verdict.js';
import { framed } from './wire-call.js';
import { type World } from './world.js';

/** Sends files. */
export class FileTarget {
  readonly #world: World;
  readonly #growth: Json;

  constructor(world: World) {
    this.#world = world;
    this.#growth = validRequests(world).get('GrowCheckpoint')![0]![0]!;
  }

  /** One case. */
  async run(rng: Rng): Promise<Finding | undefined> {
    const { go, katago, katagoPacked, language, checkpoint } = this.#world.files;
    switch (rng.int(8)) {
      case 0:
      case 1:
        return this.#send(
          'UploadModel',
          modelMessages('sent', damagedSafetensors(rng, pick(rng, [go, katago, language]))),
        );
      case 2:
      case 3:
        return this.#send('UploadModel', modelMessages('sent', damagedKatago(rng, katagoPacked)));
      case 4:
        return this.#send('GrowCheckpoint', [this.#growth, ...fileMessages({}, damagedSafetensors(rng, checkpoint))]);
      default:
        return this.#send('ImportDataset', datasetMessages('sent', damagedLines(rng)));
    }
  }

  async #send(name: string, messages: readonly Json[]): Promise<Finding | undefined> {
    const method = this.#world.method(name);
    const call = await this.#world.connection.open(pathOf(method));
    for (const message of messages) call.send(framed(encode(method, message)));
    call.finish();
    const { status, message, timedOut } = await call.ended(this.#world.boundMs);
    if (timedOut) return { verdict: 'hang', what: `${name} of a file`, said: 'no end' };
    const sent = Buffer.concat(messages.map(({ chunk }) => Buffer.from(said(chunk), 'base64'))).toString();
    // Files are full of numbers, and some of them may be none.
    const why = unclearStatus(status, message, `${sent} nan`);
    return why === undefined
      ? undefined
      : { verdict: 'unclear', what: `${name} of a file`, said: `${why}: ${message}` };
  }
}

/** A header that says something else, numbers that are none, or damaged bytes. */
function damagedSafetensors(rng: Rng, file: Buffer): Buffer {
  const length = Number(file.readBigUInt64LE(0));
  const [header, numbers] = [file.subarray(8, 8 + length).toString(), file.subarray(8 + length)];
  switch (rng.int(6)) {
    case 0:
      return damagedBytes(rng, file);
    case 1: {
      const out = Buffer.from(file);
      out.writeBigUInt64LE(
        pick(rng, [
          0n,
          1n,
          7n,
          2n ** 31n,
          2n ** 32n,
          2n ** 53n,
          2n ** 64n - 1n,
          BigInt(length + 1),
          BigInt(file.length),
        ]),
        0,
      );
      return out;
    }
    case 2: {
      const out = Buffer.from(file);
      for (let i = 0; i < 8; i++) {
        out.writeFloatLE(
          pick(rng, [NaN, Infinity, -Infinity, 1e38, -1e38, 1e-45, 0]),
          8 + length + 4 * rng.int(numbers.length >> 2),
        );
      }
      return out;
    }
    case 3:
      return assembled(mutatedJsonText(rng, header), numbers);
    default:
      return assembled(JSON.stringify(mutatedArchitecture(rng, JSON.parse(header) as Json)), numbers);
  }
}

/** The header's own fields, or those of the architecture, which is JSON inside of it. */
function mutatedArchitecture(rng: Rng, header: Json): unknown {
  const metadata = header['__metadata__'] as Readonly<Record<string, string>> | undefined;
  if (metadata?.['architecture'] === undefined || rng.int(2) === 0) return mutatedJson(rng, header);
  const architecture = JSON.stringify(mutatedJson(rng, JSON.parse(metadata['architecture'])));
  return { ...header, __metadata__: { ...metadata, architecture } };
}

function assembled(header: string, numbers: Buffer): Buffer {
  const text = Buffer.from(header);
  const head = Buffer.alloc(8);
  head.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([head, text, numbers]);
}

const katagoWords = [
  '0',
  '-1',
  '1',
  '2147483648',
  '1e9',
  '999999999999',
  'nan',
  'inf',
  '1.5',
  '',
  '@BIN@',
  'x'.repeat(5000),
  'ACTIVATION_MISH',
  'gpool_block',
];

/** A word of the text changed, bytes damaged before or after packing, or a file that grows a thousandfold. */
function damagedKatago(rng: Rng, packed: Buffer): Buffer {
  const plain = gunzipSync(packed);
  switch (rng.int(5)) {
    case 0:
      return damagedBytes(rng, packed);
    case 1:
      return gzipSync(damagedBytes(rng, plain), { level: 1 });
    case 2:
      return gzipSync(Buffer.concat([plain, Buffer.alloc(pick(rng, [1, 4096, 4_000_000]))]), { level: 1 });
    default: {
      const words = plain.toString('latin1').split(/(?<=[ \n])/);
      const texts = words.flatMap((word, i) => (/^[\x20-\x7e]*\n?$/.test(word) && word.length < 40 ? [i] : []));
      for (let i = 0, changes = 1 + rng.int(2); i < changes; i++)
        words[pick(rng, texts)] = `${pick(rng, katagoWords)}${pick(rng, [' ', '\n'])}`;
      return gzipSync(Buffer.from(words.join(''), 'latin1'), { level: 1 });
    }
  }
}

function damagedLines(rng: Rng): Buffer {
  const lines = Array.from({ length: 1 + rng.int(6) }, () => pick(rng, [...sampleLines, ...taskLines]));
  const at = rng.int(lines.length);
  switch (rng.int(6)) {
    case 0:
      return damagedBytes(rng, Buffer.from(lines.join('\n')));
    case 1:
      return Buffer.concat([Buffer.from(lines.join(pick(rng, ['\r\n', '\r', '\u0000', '\n\n\n']))), extremeBytes(rng)]);
    default:
      return Buffer.from(
        lines
          .with(at, mutatedJsonText(rng, lines[at]!, ['assistant', 'user', 'numeric: 1', 'regex: (a|a)*$']))
          .join('\n'),
      );
  }
}

/** Resumes a job whose checkpoint was damaged on the disk. */
export class CheckpointTarget {
  readonly #world: World;
  #checkpoint: Buffer | undefined;

  constructor(world: World) {
    this.#world = world;
  }

  /** One case; one at a time. */
  async run(rng: Rng): Promise<Finding | undefined> {
    const world = this.#world;
    const jobId = world.stored.pausedJob;
    const path = world.stored.checkpointPath;
    const bytes = (this.#checkpoint ??= await readFile(path));
    await writeFile(path, rng.int(2) === 0 ? damagedBytes(rng, bytes) : damagedSafetensors(rng, bytes));
    try {
      const refusal = await this.#call('ResumeJob', { jobId });
      // What the job says of its checkpoint is looked at with all jobs after the block.
      const cancelled = await this.#call('CancelJob', { jobId });
      return refusal ?? cancelled;
    } finally {
      await writeFile(path, bytes);
    }
  }

  async #call(name: string, request: Json): Promise<Finding | undefined> {
    const method = this.#world.method(name);
    const call = await this.#world.connection.open(pathOf(method));
    call.send(framed(encode(method, request)));
    call.finish();
    const { status, message, timedOut } = await call.ended(this.#world.boundMs);
    if (timedOut) return { verdict: 'hang', what: `${name}, damaged checkpoint`, said: 'no end' };
    const why = unclearStatus(status, message);
    return why === undefined
      ? undefined
      : { verdict: 'unclear', what: `${name}, damaged checkpoint`, said: `${why}: ${message}` };
  }
}
