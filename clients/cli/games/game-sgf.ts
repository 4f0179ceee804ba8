/** The server's answer about a game as an SGF file. */

import { treeToSgf, type PositionNote } from '../../../src/go/tree-sgf.js';
import type { GetGameResponse } from '../../../src/proto/tengen/v1/game.js';
import { recordsOf, viewOf } from './game-view.js';

/** The games of an answer as SGF with all that is known of their positions. */
export function gameToSgf(response: GetGameResponse): string {
  const view = viewOf(response);
  const notes = new Map<string, PositionNote>();
  for (const position of response.positions) notes.set(`${position.variation}:${position.ply}`, position);
  const { variations, threshold, isComplete } = view;
  const games = `${variations.length} game${variations.length === 1 ? '' : 's'}${isComplete ? '' : ', more to come'}`;
  return treeToSgf(recordsOf(response), {
    comment: `Tengen ${view.kind} ${view.gameId}, job ${view.jobId}: ${games}; LCR threshold ${threshold.toFixed(3)}`,
    noteOf: (variation, ply) => notes.get(`${variation}:${ply}`),
  });
}
