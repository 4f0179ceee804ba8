/** One client of the load: a connection of its own, and calls on it one after another. */

import { Status } from 'nice-grpc-common';
import { Backoff } from '../../clients/shared/backoff.js';
import type { Connection } from '../../clients/shared/connection.js';
import type { Rng } from '../../src/core/rng.js';
import type { FixedModels, Questions } from './questions.js';
import { addFailure, statusOf, type Tally } from './tally.js';

/** What all clients are told. */
export interface Facts extends FixedModels {
  /** Of the file of `go`. */
  readonly goSha256: string;
  /** The job that trains. */
  readonly jobId: string;
}

export interface Life {
  readonly connection: Connection;
  readonly facts: Facts;
  readonly questions: Questions;
  readonly tally: Tally;
  readonly rng: Rng;
  /** Aborts when it is time to end. */
  readonly signal: AbortSignal;
}

/** One call, from its beginning to its end; what it throws is counted. */
export type Call = () => Promise<void>;

/** Makes one call and counts how it ended. @returns whether it is to be made again only after a while */
export async function makeCall({ signal, tally }: Life, call: Call): Promise<boolean> {
  const isOver = (): boolean => signal.aborted;
  try {
    await call();
    return false;
  } catch (thrown) {
    const { code, message } = statusOf(thrown);
    // Our own leaving.
    if (code === Status.CANCELLED && isOver()) return false;
    addFailure(tally, call.name, code, message);
    return true;
  } finally {
    tally.calls++;
  }
}

/** Calls until it is time to end; says when so many calls are made. Waits after a refusal, as clients are asked to. */
export async function callAgain(life: Life, call: Call, calls: number, made: () => void): Promise<void> {
  const backoff = new Backoff(life.rng);
  for (let number = 1; !life.signal.aborted; number++) {
    if (await makeCall(life, call)) await backoff.wait(life.signal).catch(() => undefined);
    else backoff.succeeded();
    if (number === calls) made();
  }
}
