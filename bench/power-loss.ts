/**
 * Loss of power, which a kill does not test, since the system keeps what was written. A server under load is recorded down
 * to its system calls, which are then done again to a disk that forgets what was not synced, up to a moment at which the
 * power goes. What is left must open, and hold everything that was acknowledged by then.
 */

import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { check } from '../src/core/errors.js';
import { Rng } from '../src/core/rng.js';
import { openSqliteStore } from '../src/store/sqlite/sqlite-store.js';
import { checkFolder } from '../src/store/sqlite/check.js';
import { inspect } from './faults/inspect.js';
import { findLost, findUnsent } from './faults/verify.js';
import { type Keeping, keepings } from './power-loss/disk.js';
import { record, type Recording } from './power-loss/record.js';
import { Replay } from './power-loss/replay.js';

const options = {
  losses: { type: 'string', default: '100' },
  sessions: { type: 'string', default: '4' },
  seconds: { type: 'string', default: '15' },
  seed: { type: 'string', default: '1' },
} as const;

/**
 * Keys: `losses`, moments at which the power went; and over all of them `lost`, promises that were not kept, `corrupt`,
 * rows and files that are not what they say, or stores that do not open, `orphans`, rows whose file is missing, and
 * `duplicates`, games that are there twice. `calls` and `acknowledged` were recorded.
 */
export async function run(args: string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({ args, options });
  const [losses, sessions, seconds, seed] = (['losses', 'sessions', 'seconds', 'seed'] as const).map((name) => {
    check(Number(values[name]) > 0, () => `--${name} is '${values[name]}'; it must be a number above 0`);
    return Number(values[name]);
  }) as [number, number, number, number];
  const folder = mkdtempSync(join(tmpdir(), 'tengen-power-loss-'));
  const rng = new Rng(seed);
  const recording = await record(folder, { sessions, seconds, rng: rng.fork(1) });
  const found = { lost: 0, corrupt: 0, orphans: 0, duplicates: 0 };
  const cuts = rng.fork(2);
  for (let loss = 0; loss < losses; loss++) {
    const keeping = keepings(cuts)[loss % 3]!;
    const sentences = await lose(recording, { atMs: moment(recording, cuts), keeping, folder: join(folder, 'left') });
    for (const kind of ['lost', 'corrupt', 'orphans', 'duplicates'] as const) {
      found[kind] += sentences[kind].length;
      for (const sentence of sentences[kind]) process.stderr.write(`${kind} at loss ${loss}: ${sentence}\n`);
    }
  }
  if (Object.values(found).every((count) => count === 0)) rmSync(folder, { recursive: true, force: true });
  else process.stderr.write(`What was recorded is kept in ${folder}\n`);
  const calls = recording.sessions.reduce((sum, session) => sum + session.length, 0);
  return { losses, ...found, acknowledged: recording.ledger.acknowledged, calls, sessions, seed };
}

/** Just after an acknowledgement, or at any time. */
function moment({ ledger, beginMs, endMs }: Recording, rng: Rng): number {
  const times = ledger.times();
  return rng.float() < 0.7 && times.length > 0 ? times[rng.int(times.length)]! : beginMs + rng.int(endMs - beginMs);
}

interface Sentences {
  readonly lost: readonly string[];
  readonly corrupt: readonly string[];
  readonly orphans: readonly string[];
  readonly duplicates: readonly string[];
}

async function lose(
  { root, dataName, sessions, ledger }: Recording,
  { atMs, keeping, folder }: { readonly atMs: number; readonly keeping: Keeping; readonly folder: string },
): Promise<Sentences> {
  const replay = new Replay(root);
  for (const calls of sessions) {
    replay.restart();
    replay.run(calls, atMs);
  }
  rmSync(folder, { recursive: true, force: true });
  replay.write(folder, keeping);
  const dataDir = join(folder, dataName);
  const known = ledger.until(atMs);
  const found = inspect(dataDir);
  const corrupt = [...found.corrupt, ...findUnsent(known, found)];
  try {
    // The power may go before there is anything.
    if (existsSync(join(dataDir, 'tengen.db'))) {
      const { database, orphans } = await checkFolder(dataDir);
      corrupt.push(...database, ...orphans.map(({ sha256 }) => `A check misses the file ${sha256}`));
    }
    await (await openSqliteStore({ dataDir, now: Date.now })).close();
  } catch (error) {
    corrupt.push(`The store does not open: ${String(error)}`);
  }
  return { lost: findLost(known, found), corrupt, orphans: found.orphans, duplicates: found.duplicates };
}
