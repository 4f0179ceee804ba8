/** `tengen worker`: plays self-play and rating games for a server until it is stopped. */

import { availableParallelism, hostname } from 'node:os';
import { pino } from 'pino';
import { check } from '../../../src/core/errors.js';
import { runWorker } from '../../self-play/worker.js';
import { command, connectionFlags, connectionOf, jsonFlag } from '../command.js';
import { precisionFlag, readPrecision } from '../precision-flag.js';
import { profiled, profileFlag } from '../profile-file.js';

export const workerCommand = command({
  name: 'worker',
  usage: '',
  summary: 'play self-play games for a server; Ctrl-C returns unfinished games to the server',
  flags: {
    ...connectionFlags,
    ...jsonFlag,
    ...profileFlag,
    ...precisionFlag,
    games: {
      type: 'string',
      default: 'auto',
      value: 'COUNT',
      doc: 'number of games played at once; auto for as many as keep the server busy, by its distance and its speed',
    },
    threads: {
      type: 'string',
      default: 'auto',
      value: 'COUNT',
      doc: 'most threads that play games; auto for one less than the processor cores',
    },
    name: { type: 'string', default: hostname(), value: 'NAME', doc: 'name of this worker in the logs of the server' },
  },
  async run({ flags, signal }) {
    const games: number | 'auto' = flags.games === 'auto' ? 'auto' : Number(flags.games);
    check(
      games === 'auto' || (Number.isInteger(games) && games >= 1),
      `--games is '${flags.games}'; it must be auto or a whole number from 1`,
    );
    const threads =
      flags.threads === 'auto' ? Math.min(64, Math.max(1, availableParallelism() - 1)) : Number(flags.threads);
    check(
      Number.isInteger(threads) && threads >= 1,
      `--threads is '${flags.threads}'; it must be auto or a whole number from 1`,
    );
    const logger = pino({ base: null }, pino.destination({ fd: 2, sync: true }));
    const { name } = flags;
    const options = {
      ...connectionOf(flags),
      games,
      threads,
      name,
      precision: readPrecision(flags.precision),
      signal,
      log: (event: string, fields: object) => logger.info(fields, event),
    };
    const totals = await profiled(flags.profile, 'worker', () => runWorker(options));
    process.stdout.write(
      flags.json ? `${JSON.stringify(totals)}\n` : `Played ${totals.games} games, ${totals.evaluations} evaluations\n`,
    );
    return 0;
  },
});
