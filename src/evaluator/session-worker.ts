/**
 * A session thread: takes the next batch whenever it is free, otherwise sleeps. Commands (load, release, infer) are
 * read between batches; the thread never serves its event loop while it sleeps, so they come through a port that can
 * be read at any moment.
 */

import { parentPort, receiveMessageOnPort, workerData, type MessagePort } from 'node:worker_threads';

import { AppError, assert } from '../core/errors.js';
import { startTrace, trace } from '../core/trace.js';
import { openEngine } from '../engine/open-engine.js';
import { threadCpuMs } from '../engine/thread-cpu.js';
import { ServingSession } from './serving-session.js';
import type { Command, Failure, ModelBytes, Reply, ThreadStart } from './session-messages.js';
import { Slots } from './slots.js';
import { SymmetricEvaluation } from './symmetric-evaluation.js';

const { start, commands } = workerData as { start: ThreadStart; commands: MessagePort };
if (start.traced) startTrace(`session ${String(start.thread)}`);
const slots = new Slots(start.memory);
const symmetric = new SymmetricEvaluation(start.symmetry);
const sessions = new Map<number, ServingSession>();
let crashing = false;

function tell(reply: Reply): void {
  parentPort?.postMessage(reply);
}

function failureOf(thrown: unknown): Failure {
  const error = AppError.from(thrown);
  return { errorKind: error.kind, message: error.message };
}

async function load({ model, ref, file, ranges }: ModelBytes): Promise<ServingSession> {
  const known = sessions.get(model);
  if (known) return known;
  const started = trace ? performance.now() : 0;
  try {
    // A private copy: decoding and the engines do not take shared memory.
    const session = await ServingSession.load(new Uint8Array(file).slice(), engine, { ranges });
    sessions.set(model, session);
    trace?.add('load', started, 1);
    return session;
  } catch (error) {
    const { kind, message } = AppError.from(error);
    throw new AppError(kind, `Model ${ref} cannot be loaded: ${message}`, { cause: error });
  }
}

function sessionOf(model: number): ServingSession {
  const session = sessions.get(model);
  assert(session !== undefined, `model number ${String(model)} is loaded in thread ${String(start.thread)}`);
  return session;
}

async function obey(command: Command): Promise<void> {
  if (command.kind === 'infer') crashIfAsked();
  try {
    if (command.kind === 'load') {
      const session = await load(command.model);
      tell({ kind: 'done', id: command.id, result: session.shape });
    } else if (command.kind === 'infer') {
      const result = await sessionOf(command.model).infer(command.inputs);
      tell({ kind: 'done', id: command.id, result });
    } else if (command.kind === 'release') {
      await sessions.get(command.model)?.release();
      sessions.delete(command.model);
      tell({ kind: 'done', id: command.id, result: undefined });
    } else if (command.kind === 'crash') {
      crashing = true;
      tell({ kind: 'done', id: command.id, result: undefined });
    }
  } catch (error) {
    tell({ kind: 'failed', id: command.id, failure: failureOf(error) });
  }
}

function crashIfAsked(): void {
  if (crashing) throw new Error('The thread was asked to crash');
}

async function runBatch(slot: number): Promise<void> {
  crashIfAsked();
  try {
    const startedNs = process.hrtime.bigint();
    const session = sessionOf(slots.model(slot));
    const count = slots.claimedCount(slot);
    const ownership = slots.wantsOwnership(slot);
    const size = slots.size(slot);
    const outputs = slots.outputs(slot, count, size);
    await symmetric.evaluate(session, { records: slots.records(slot), count, size, ownership }, outputs);
    slots.setComputeMicros(slot, Number((process.hrtime.bigint() - startedNs) / 1000n));
    tell(slot);
  } catch (error) {
    tell({ kind: 'slot-failed', slot, failure: failureOf(error) });
  }
}

const engine = await openEngine(start.engine).catch((error: unknown) => {
  tell({ kind: 'not-started', failure: failureOf(error) });
  throw error;
});
for (const model of start.models) await load(model);
tell({ kind: 'ready' });
for (;;) {
  const sequence = slots.workSequence();
  const message = receiveMessageOnPort(commands) as { message: Command } | undefined;
  if (message?.message.kind === 'stop') break;
  if (message) await obey(message.message);
  // A batch after every command, so that a flood of plain-tensor requests does not keep batches waiting.
  const slot = slots.claim(start.thread);
  if (slot >= 0) await runBatch(slot);
  else if (!message) slots.waitForWork(sequence);
}
for (const session of sessions.values()) await session.release();
await engine.close();
if (trace) tell({ kind: 'trace', trace: trace.read(threadCpuMs()) });
commands.close();
