/** `tengen review`: what the moves of a game in a file were worth. */

import type { Logger } from 'pino';
import { readConfig } from '../../../src/core/config.js';
import { check } from '../../../src/core/errors.js';
import { reviewSchema } from '../../review/config.js';
import { moveToJson, runReview } from '../../review/run.js';
import { showReview } from '../../review/show-review.js';
import { stderrLog } from '../../shared/standard-streams.js';
import { command, connectionFlags, connectionOf, jsonFlag } from '../command.js';
import { givenSettings, schemaFlags } from '../schema-flags.js';
import { ProgressBar } from '../terminal/progress.js';

export const reviewCommand = command({
  name: 'review',
  usage: 'FILE.sgf',
  summary: 'review a game: points lost by each move, mistakes, and what would have been better',
  details: `
  tengen review game.sgf --visits 500
  tengen review game.sgf --sgf reviewed.sgf      writes the game again, with comments and better lines`,
  flags: {
    ...connectionFlags,
    ...jsonFlag,
    model: {
      type: 'string',
      short: 'm',
      default: '',
      value: 'MODEL',
      doc: 'model that reviews, NAME or NAME@VERSION; without --model, the promoted version',
    },
    sgf: { type: 'string', value: 'FILE', doc: 'write the game with the review in comments and variations' },
    ...schemaFlags(reviewSchema),
  },
  async run({ flags, args, signal }) {
    const [path] = args;
    check(path !== undefined && args.length === 1, () => `review takes one file; ${args.length} are given`);
    const bar = new ProgressBar('review', process.stderr.isTTY && !flags.json);
    const { size, gameMoves, moves } = await runReview({
      path,
      config: readConfig(reviewSchema, givenSettings(reviewSchema, flags)),
      connection: connectionOf(flags),
      model: flags.model,
      sgf: flags.sgf,
      signal,
      log: warningsOnly(),
      onNote: (text) => process.stderr.write(`${text}\n`),
      onDone: (done, of) => bar.update(done, of),
    }).finally(() => bar.end());
    const lines = moves.map((move) => `${JSON.stringify(moveToJson(move, size))}\n`);
    process.stdout.write(flags.json ? lines.join('') : showReview(moves, size));
    if (!signal.aborted) return 0;
    process.stderr.write(`stopped after ${moves.length} of ${gameMoves} moves\n`);
    return 130;
  },
});

/** A person reads stderr here, beside the progress. */
function warningsOnly(): Logger {
  const log = stderrLog('tengen-review');
  log.level = 'warn';
  return log;
}
