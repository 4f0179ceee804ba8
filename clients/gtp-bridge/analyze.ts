/** An analysis that goes on until the next line of input, and outlives a server that goes away for a while. */

import { AppError } from '../../src/core/errors.js';
import { delay } from '../../src/core/signals.js';
import type { AnalysisRequest, AnalysisStyle } from './analysis-arguments.js';
import { formatReport } from './analysis-report.js';
import type { Session } from './session.js';

/** Wait before a search that broke off is taken up again. */
const retryMs = 1000;

/**
 * Yields a line each interval until `stop`; once the tree is as large as it may get, the last line has been given and
 * nothing more comes.
 *
 * @throws what the search throws before there is anything to report
 */
export async function* analyze(
  session: Session,
  request: AnalysisRequest,
  style: AnalysisStyle,
  stop: AbortSignal,
): AsyncGenerator<string> {
  const { game, thinker, config } = session;
  const root = game.positionFor(request.player ?? game.position.toMove);
  const visits = config.analysisVisits;
  while (!stop.aborted) {
    const search = thinker.think(game, root, {
      visits,
      stop,
      reportMs: request.intervalMs,
      reportSoon: true,
      ownership: request.ownership || request.movesOwnership,
      restrictions: request.restrictions,
      movesOwnership: request.movesOwnership,
      unvisited: request.minMoves > 0,
    });
    let step = await search.next();
    for (; !step.done; step = await search.next()) {
      const line = formatReport(step.value, request, style);
      if (line) yield line;
    }
    const line = formatReport(step.value, request, style);
    if (line) yield line;
    const { visits: made, mostVisits = visits } = step.value;
    await pause(made > Math.min(visits, mostVisits) ? undefined : retryMs, stop);
  }
}

/** Waits for `ms`, or for `stop` alone. */
async function pause(ms: number | undefined, stop: AbortSignal): Promise<void> {
  // The longest time a timer takes: about 24 days.
  await delay(ms ?? 2 ** 31 - 1, stop).catch((error: unknown) => {
    if (AppError.from(error).kind !== 'cancelled') throw error;
  });
}
