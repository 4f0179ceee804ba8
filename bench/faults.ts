/**
 * Kills the server and its workers again and again under load: games, uploads of models and data sets, checkpoints,
 * promotions, jobs that are created, cancelled and resumed, and growth. Most kills of the server aim at a moment of
 * writing. After each, everything that was acknowledged must be there.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { check } from '../src/core/errors.js';
import { Rng } from '../src/core/rng.js';
import { runCampaign } from './faults/campaign.js';

/** `--dir` keeps everything in a folder, and goes on with what is there; `--kills` ends before the time is over. */
const options = {
  minutes: { type: 'string', default: '30' },
  kills: { type: 'string', default: '1000000' },
  seed: { type: 'string', default: '1' },
  dir: { type: 'string' },
} as const;

/**
 * Keys: `kills`, of servers and workers; `acknowledged`, answers that promised something; `lost`, promises that were not
 * kept; `duplicates`, games stored twice; `orphans`, rows whose file is missing; `corrupt`, rows and files that are not
 * what they say, and uploads that nobody sent; `unreferenced`, files without a row, which are no fault.
 */
export async function run(args: string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({ args, options });
  const [minutes, kills, seed] = (['minutes', 'kills', 'seed'] as const).map((name) => {
    check(Number(values[name]) > 0, () => `--${name} is '${values[name]}'; it must be a number above 0`);
    return Number(values[name]);
  }) as [number, number, number];
  const folder = values.dir ?? mkdtempSync(join(tmpdir(), 'tengen-faults-'));
  const startedMs = Date.now();
  const endMs = startedMs + minutes * 60_000;
  const result = await runCampaign({ folder, endMs, kills, rng: new Rng(seed) });
  const { findings, ledger, serverKills, aimedKills, workerKills, surprises } = result;
  const { lost, duplicates, orphans, corrupt, unreferenced } = findings;
  const faults = lost.size + duplicates.size + orphans.size + corrupt.size;
  if (faults > 0) process.stderr.write(`The data folder and the logs are kept in ${folder}\n`);
  else if (values.dir === undefined) rmSync(folder, { recursive: true, force: true });
  return {
    kills: serverKills + workerKills,
    acknowledged: ledger.acknowledged,
    lost: lost.size,
    duplicates: duplicates.size,
    orphans: orphans.size,
    corrupt: corrupt.size,
    unreferenced,
    serverKills,
    aimedKills,
    workerKills,
    surprises,
    seed,
    minutes: Math.round((Date.now() - startedMs) / 6000) / 10,
  };
}
