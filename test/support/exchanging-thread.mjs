/** A rank without a network: makes a few exchanges, or dies in the middle of them. */

import { parentPort, workerData } from 'node:worker_threads';

import { AppError } from '../../dist/src/core/errors.js';
import { joinRankGroup } from '../../dist/src/ranks/shared-memory.js';

/** `dieAt`: the round in which this rank fails; `silentAt`: in which it stops contributing without a word. */
const { memory, rank, rounds, dieAt, silentAt } = workerData;
const group = joinRankGroup(memory, { rank });
const sums = [];
const gathered = [];
const owned = [];
try {
  for (let round = 0; round < rounds; round++) {
    if (round === dieAt) throw new Error('died');
    if (round === silentAt) await new Promise(() => setInterval(() => undefined, 1000));
    // Values whose sum depends on the order of adding; a rank's lengths change from round to round.
    const mine = Float32Array.from({ length: (rank + round) % 3 }, (_, i) => 100 * rank + 10 * round + i);
    gathered.push((await group.allGatherV(mine).wait()).flatMap((part) => [...part]));
    const parts = Array.from({ length: group.size }, (_, to) => Float32Array.from({ length: to }, () => rank + to));
    owned.push([...(await group.reduceScatterV(parts).wait())]);
    const values = Float32Array.from({ length: 7 }, (_, i) => (rank + 1) * 1e-3 + 3 ** i * (rank % 2 === 0 ? 1 : -1));
    await group.allReduce(values);
    sums.push([...values]);
    await group.barrier();
  }
  parentPort?.postMessage({ gathered, owned, sums });
} catch (error) {
  parentPort?.postMessage({ failure: AppError.from(error).kind, message: AppError.from(error).message });
}
