/** Uploads that share one bound, from clients and disks that fail at any point. */

import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { AppError } from '../../src/core/errors.js';
import { Cancellation } from '../../src/core/signals.js';
import { CHUNK, Uploads, type UploadMessage } from '../../src/server/transport/receive-upload.js';
import type { SpoolFile } from '../../src/server/transport/spool.js';
import { actor, Promises, settle, subject, turn } from './explore.js';
import { memoryFile } from './memory-file.js';

const MAX_BYTES = 3 * CHUNK;

const client = fc.record({
  chunks: fc.array(fc.uint8Array({ maxLength: 6 }), { maxLength: 4 }),
  says: fc.constantFrom('first', 'last', 'nothing', 'wrong sha256', 'wrong size', 'too much'),
  /** After so many messages the client leaves, or the server stops; never if there are fewer. */
  endsAfter: fc.nat(8),
  ending: fc.constantFrom('cancelled', 'unavailable', 'end'),
  fault: fc.constantFrom('none', 'none', 'none', 'open', 'write', 'read', 'close'),
});
type Client = typeof client extends fc.Arbitrary<infer T> ? T : never;

const expectedKinds = ['invalid-argument', 'resource-exhausted', 'deadline-exceeded', 'cancelled', 'unavailable'];

/** Several clients at once, and a clock that may run out. */
export const uploads = subject(
  'uploads',
  fc.record({ clients: fc.array(client, { minLength: 1, maxLength: 4 }), timeouts: fc.nat(2) }),
  async (scheduler, { clients, timeouts }) => {
    const world = new World(scheduler);
    const clock = Array.from({ length: timeouts }, () => () => world.timeOut());
    const all = clients.map((each) => world.upload(each));
    await settle(scheduler, Promise.all([actor(scheduler, 'clock', clock), ...all]));
    world.promises.expect(world.openFiles === 0, `${world.openFiles} files are open`);
    world.promises.expect(world.timers.size === 0, `${world.timers.size} timers run`);
    await settle(scheduler, world.checkEmpty());
    world.promises.check();
  },
);

class World {
  readonly promises = new Promises();
  readonly timers = new Set<() => void>();
  openFiles = 0;
  readonly #scheduler: fc.Scheduler;
  readonly #uploads: Uploads;
  #fault: Client['fault'] = 'none';
  #timeouts = 0;

  constructor(scheduler: fc.Scheduler) {
    this.#scheduler = scheduler;
    this.#uploads = new Uploads({
      folder: 'uploads',
      maxBytes: MAX_BYTES,
      stallMs: 1000,
      startTimer: (call) => {
        this.timers.add(call);
        return () => this.timers.delete(call);
      },
      openFile: () => this.#open(),
    });
  }

  timeOut(): void {
    this.#timeouts++;
    for (const call of [...this.timers]) {
      this.timers.delete(call);
      call();
    }
  }

  async upload(plan: Client): Promise<void> {
    const bytes = Buffer.concat(plan.chunks);
    const signal = new Cancellation();
    const messages = messagesOf(plan, bytes);
    let sent = 0;
    const isSaid = (): boolean => plan.says === 'first' || (plan.says === 'last' && sent === messages.length);
    const isWhole = (): boolean => isSaid() && Buffer.concat(plan.chunks.slice(0, sent)).length === bytes.length;
    const send = async function* (this: World): AsyncGenerator<UploadMessage> {
      for (const message of messages) {
        await turn(this.#scheduler, 'message');
        if (sent === plan.endsAfter && plan.ending !== 'end') signal.abort(new AppError(plan.ending, 'The call ended'));
        if (sent === plan.endsAfter) return;
        sent++;
        // The file that the first chunk opens has this client's faults.
        this.#fault = plan.fault;
        yield message;
      }
      await turn(this.#scheduler, 'end');
    }.bind(this);
    const mayFail = (): boolean => signal.aborted || (plan.fault !== 'none' && plan.fault !== 'close');
    try {
      const upload = await this.#uploads.receive(send(), { maxBytes: MAX_BYTES, signal });
      this.promises.expect(isWhole() && bytes.length > 0, 'An upload that is not whole was taken');
      this.promises.expect(Buffer.from(upload.bytes).equals(bytes), 'The bytes are others');
      await turn(this.#scheduler, 'stored');
      upload.done();
      upload.done();
    } catch (error) {
      const { kind, message } = AppError.from(error);
      this.promises.expect(expectedKinds.includes(kind), `An upload ended with ${kind}: ${message}`);
      const isRight =
        mayFail() || kind === 'resource-exhausted' || (kind === 'deadline-exceeded' && this.#timeouts > 0);
      this.promises.expect(isRight || !isWhole() || bytes.length === 0, `A whole upload was refused: ${message}`);
    }
  }

  /** The bound is free if one upload may promise all of it. */
  async checkEmpty(): Promise<void> {
    this.#fault = 'none';
    const first = { chunk: new Uint8Array(1), sizeBytes: MAX_BYTES, sha256: '' };
    const messages = (async function* () {
      await Promise.resolve();
      yield first;
    })();
    const failure = await this.#uploads
      .receive(messages, { maxBytes: MAX_BYTES, signal: new Cancellation() })
      .catch((error: unknown) => AppError.from(error));
    const isRoom = failure instanceof AppError && failure.kind === 'invalid-argument';
    this.promises.expect(isRoom, `The bound is not free: ${failure instanceof AppError ? failure.message : 'taken'}`);
    this.promises.expect(this.openFiles === 0, `${this.openFiles} files are open at the end`);
  }

  #open(): Promise<SpoolFile> {
    const fault = this.#fault;
    this.#fault = 'none';
    return memoryFile(64, async (what) => {
      if (what === 'close') this.openFiles--;
      await turn(this.#scheduler, what);
      if (fault === what) throw Object.assign(new Error(`EIO: ${what}`), { code: 'EIO' });
      if (what === 'open') this.openFiles++;
    });
  }
}

function messagesOf({ chunks, says }: Client, bytes: Uint8Array): UploadMessage[] {
  const sha256 = createHash('sha256')
    .update(says === 'wrong sha256' ? 'else' : bytes)
    .digest('hex');
  const sizeBytes = says === 'wrong size' ? bytes.length + 1 : says === 'too much' ? MAX_BYTES : bytes.length;
  const last = chunks.length - 1;
  return chunks.map((chunk, i) => {
    const isSaid = says !== 'nothing' && i === (says === 'last' ? last : 0);
    return isSaid ? { chunk, sizeBytes, sha256 } : { chunk, sizeBytes: 0, sha256: '' };
  });
}
