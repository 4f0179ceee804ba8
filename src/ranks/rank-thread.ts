/** The worker thread of one rank: a Rank behind messages. Ends when it is told to stop or anything fails. */

import { parentPort, workerData } from 'node:worker_threads';

import { AppError, assert } from '../core/errors.js';
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
  port.on('message', (command: RankCommand) => {
    if (command.kind === 'stop') {
      void programs.release().then(() => port.close());
      return;
    }
    rank.run(command).then(post, fail);
  });
  post({ kind: 'ready' });
} catch (error) {
  fail(error);
}
