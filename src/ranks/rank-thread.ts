/** The code of the thread of one rank. */

import { serveRuns } from '../engine/closing.js';
import { openEngine } from '../engine/open-engine.js';
import type { RankCalls, RankResult, RankStart } from './messages.js';
import { openPrograms } from './programs.js';
import { Rank } from './rank.js';
import { joinRankGroup } from './shared-memory.js';
import { Stopwatch } from './stopwatch.js';

await serveRuns<RankStart, RankCalls>(async (start) => {
  const engine = await openEngine(start.engine);
  const programs = await openPrograms(engine, start.architecture, start.state.layout);
  const rank = new Rank({
    programs,
    state: start.state,
    world: joinRankGroup(start.world, { rank: start.rank }),
    group: joinRankGroup(start.group, { rank: start.groupRank, latencyMs: start.latencyMs }),
    watch: new Stopwatch(start.traces),
  });
  let running: Promise<RankResult> | undefined;
  return {
    calls: {
      run: (command) => (running = rank.run(command)),
      // In a thread this ends the thread alone.
      crash: () => process.exit(1),
    },
    async release() {
      await running?.catch(() => undefined);
      await programs.release();
      await engine.close();
    },
  };
});
