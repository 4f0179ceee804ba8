/** The server's answer about a game as an SGF file. */

import { treeToSgf, type PositionNote } from '../../src/go/sgf/variations.js';
import type { GetGameResponse } from '../../src/proto/tengen/v1/game.js';
import { recordsOf, viewOf } from './game-view.js';

/** The games of an answer as SGF with all that is known of their positions. */
export function gameToSgf(response: GetGameResponse): string {
  const view = viewOf(response);
  const notes = new Map<string, PositionNote>();
  for (const position of response.positions) notes.set(`${position.variation}:${position.ply}`, position);
  const { kind, variations, plannedVariations, threshold, isComplete } = view;
  const games = `${variations.length} of ${plannedVariations} games${isComplete ? ', complete' : ''}`;
  const facts = [`job ${view.jobId}`, ...(kind === 'tree' ? [games] : [])];
  if (kind !== 'match') facts.push(`LCR threshold ${threshold.toFixed(3)}`);
  return treeToSgf(recordsOf(response), {
    comment: `Tengen ${kind} ${view.gameId}: ${facts.join('; ')}`,
    noteOf: (variation, ply) => notes.get(`${variation}:${ply}`),
  });
}
