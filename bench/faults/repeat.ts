/** Activities of a load: each does one thing again and again for as long as its server lives. */

import { Status } from 'nice-grpc-common';
import type { Connection } from '../../clients/shared/connection.js';
import { delay } from '../../src/core/signals.js';
import type { Rng } from '../../src/core/rng.js';
import type { Ledger } from './ledger.js';

/** What an activity has to do with; one for every life of the server. */
export interface Life {
  readonly connection: Connection;
  readonly ledger: Ledger;
  readonly rng: Rng;
  /** Ends with the server. */
  readonly signal: AbortSignal;
}

/** What a server that is killed, or is full, says. */
const expected: readonly unknown[] = [Status.UNAVAILABLE, Status.CANCELLED, Status.RESOURCE_EXHAUSTED];

/**
 * Does `step` every `ms`, at random between half and one and a half of that, until the life is over.
 *
 * @param surprised called with errors that a kill does not explain
 */
export async function repeat(
  { rng, signal }: Life,
  ms: number,
  step: () => Promise<void>,
  surprised: (error: unknown) => void,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await step();
    } catch (error) {
      if (!isAborted(signal) && !expected.includes((error as { code?: unknown }).code)) surprised(error);
    }
    await delay(ms * (0.5 + rng.float()), signal).catch(() => undefined);
  }
}

/** Read anew after every wait, which the compiler's narrowing does not know. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
