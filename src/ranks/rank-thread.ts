/** The worker thread of one rank: a Rank behind messages. Ends when its grid asks. */

import { parentPort, workerData } from 'node:worker_threads';

import { AppError, assert } from '../core/errors.js';
import { listen } from '../engine/closing.js';
import type { RankCommand, RankReply, RankStart } from './messages.js';
import { openPrograms } from './programs.js';
import { Rank } from './rank.js';
import { joinGroup } from './shared-memory.js';
import { Stopwatch } from './stopwatch.js';

const port = parentPort;
assert(port !== null, 'rank-thread.ts runs as a worker thread');

function post(reply: RankReply): void {
  port?.postMessage(reply);
}

function fail(error: unknown): void {
  const { kind, message } = AppError.from(error);
  post({ kind: 'failed', errorKind: kind, message });
}

const start = workerData as RankStart;
try {
  const programs = await openPrograms(start.architecture, start.state.layout);
  const rank = new Rank({
    programs,
    state: start.state,
    world: joinGroup(start.world, { rank: start.rank }),
    group: joinGroup(start.group, { rank: start.groupRank, latencyMs: start.latencyMs }),
    watch: new Stopwatch(start.traces),
  });
  let running: Promise<void> | undefined;
  listen(port, {
    take(command: RankCommand) {
      // In a thread this ends the thread alone.
      if (command.kind === 'crash') process.exit(1);
      running = rank.run(command).then(post, fail);
    },
    async release() {
      await running;
      await programs.release();
    },
  });
  post({ kind: 'ready' });
} catch (error) {
  fail(error);
}
