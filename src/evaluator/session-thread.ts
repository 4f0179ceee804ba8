/** The main thread's handle on one session thread. */

import { MessageChannel, Worker, type MessagePort } from 'node:worker_threads';

import { AppError, errorKinds, type ErrorKind } from '../core/errors.js';
import { keepTrace } from '../core/trace.js';
import { threadUrl } from '../threads/thread-url.js';
import type { ModelShape } from './model-source.js';
import type {
  Command,
  Failure,
  InferInputs,
  InferOutputs,
  ModelBytes,
  Reply,
  ThreadStart,
} from './session-messages.js';
import type { Slots } from './slots.js';

type CommandBody = Command extends infer C ? (C extends { id: number } ? Omit<C, 'id'> : never) : never;
type Result = ModelShape | InferOutputs | undefined;

/** What a thread reports without being asked. */
export interface ThreadEvents {
  /** The outputs of `slot` are written. */
  finished(slot: number): void;
  /** The network refused the batch in `slot`. */
  failed(slot: number, error: AppError): void;
  /** The thread is gone though nobody stopped it; called once, after everything it sent. */
  died(cause: unknown): void;
}

/** A running session thread. */
export class SessionThread {
  /** Resolves once the thread takes work; rejects if it dies before that, with the reason if the engine gave one. */
  readonly ready: Promise<void>;
  readonly #worker: Worker;
  readonly #commands: MessagePort;
  readonly #slots: Slots;
  readonly #calls = new Map<number, { resolve: (result: Result) => void; reject: (error: AppError) => void }>();
  #nextCall = 1;
  #stopping = false;
  #gone = false;

  constructor(start: ThreadStart, slots: Slots, events: ThreadEvents) {
    const { port1, port2 } = new MessageChannel();
    this.#commands = port1;
    this.#slots = slots;
    const workerData = { start, commands: port2 };
    this.#worker = new Worker(threadUrl(import.meta.url, './session-worker.js'), { workerData, transferList: [port2] });
    let cause: unknown;
    this.ready = new Promise((resolve, reject) => {
      this.#worker.on('message', (reply: Reply) => {
        if (typeof reply === 'number') events.finished(reply);
        else if (reply.kind === 'ready') resolve();
        else if (reply.kind === 'trace') keepTrace(reply.trace);
        else if (reply.kind === 'not-started') reject(errorOf(reply.failure));
        else if (reply.kind === 'slot-failed') events.failed(reply.slot, errorOf(reply.failure));
        else this.#answer(reply);
      });
      this.#worker.on('error', (error) => (cause = error));
      this.#worker.once('exit', () => {
        this.#gone = true;
        const error = new AppError('unavailable', 'The evaluation thread ended', { cause });
        reject(error);
        for (const call of this.#calls.values()) call.reject(error);
        this.#calls.clear();
        port1.close();
        if (!this.#stopping) events.died(cause);
      });
    });
    this.ready.catch(() => undefined);
  }

  /** Loads a model; a second time for the same number does nothing. */
  async load(model: ModelBytes): Promise<ModelShape> {
    return (await this.#call({ kind: 'load', model })) as ModelShape;
  }

  /** Frees a model that no slot names any more. */
  async release(model: number): Promise<void> {
    await this.#call({ kind: 'release', model });
  }

  /** Runs a model on plain tensors, which are given away, between batches. */
  async infer(model: number, inputs: InferInputs): Promise<InferOutputs> {
    const given = [inputs.planes, inputs.globals].map(({ buffer }) => buffer as ArrayBuffer);
    return (await this.#call({ kind: 'infer', model, inputs }, given)) as InferOutputs;
  }

  /**
   * Lets the thread finish its batch and end. There is no harder way: ONNX Runtime's binding aborts the whole process when
   * a thread is terminated inside it.
   */
  async stop(): Promise<void> {
    if (this.#gone) return;
    this.#stopping = true;
    const exited = new Promise<void>((resolve) => this.#worker.once('exit', () => resolve()));
    this.#send({ kind: 'stop', id: 0 });
    await exited;
  }

  /** Makes the thread die with its next batch after this resolved, as a crash would: `died` is called. */
  async crash(): Promise<void> {
    await this.#call({ kind: 'crash' });
  }

  #call(body: CommandBody, given: readonly ArrayBuffer[] = []): Promise<Result> {
    return new Promise((resolve, reject) => {
      if (this.#gone || this.#stopping) {
        reject(new AppError('unavailable', 'The evaluation thread ended'));
        return;
      }
      const id = this.#nextCall++;
      this.#calls.set(id, { resolve, reject });
      this.#send({ ...body, id }, given);
    });
  }

  #send(command: Command, given: readonly ArrayBuffer[] = []): void {
    this.#commands.postMessage(command, given);
    // Every sleeping thread wakes, because it is not known which of the waiters is this one.
    this.#slots.wake(Infinity);
  }

  #answer(reply: Extract<Reply, { id: number }>): void {
    const call = this.#calls.get(reply.id);
    this.#calls.delete(reply.id);
    if (reply.kind === 'done') call?.resolve(reply.result);
    else call?.reject(errorOf(reply.failure));
  }
}

function errorOf({ errorKind, message }: Failure): AppError {
  const known = errorKinds.includes(errorKind as ErrorKind);
  return new AppError(known ? (errorKind as ErrorKind) : 'internal', message);
}
