/** What the network says about a position without any search, in the layout of KataGo's `kata-raw-nn`. */

import { AppError } from '../../src/core/errors.js';
import { BLACK, type Color } from '../../src/go/color.js';
import type { GoEvaluation } from '../../src/go/evaluation.js';
import type { Position } from '../../src/go/position.js';
import { symmetryMap } from '../../src/go/symmetry.js';
import { GameState } from '../../src/player/game-state.js';
import { legalPolicy } from '../../src/player/legal-policy.js';
import type { Session } from './session.js';

/**
 * The network's answers to the game's position seen through each symmetry, turned back, in float32: what int8 changes is not the
 * network's own. All numbers take White's side.
 *
 * @param symmetries numbers of `go/symmetry.ts`
 */
export async function rawNetwork(
  session: Session,
  player: Color,
  symmetries: readonly number[],
  signal: AbortSignal,
): Promise<string> {
  const { size } = session.game;
  const positions = symmetries.map((symmetry) => turned(session.game, symmetry).positionFor(player));
  const evaluations = await session.exactEvaluator.evaluate(positions, { signal });
  return symmetries
    .map((symmetry, i) => {
      const evaluation = evaluations[i];
      if (!evaluation) throw new AppError('internal', 'the network gave no answer');
      return format(evaluation, positions[i]!, symmetry, symmetryMap(size, symmetry));
    })
    .join('\n');
}

/** The same game on a board that was turned or mirrored, so that its history is too. */
function turned(game: GameState, symmetry: number): GameState {
  const map = symmetryMap(game.size, symmetry);
  const image = (points: readonly number[]): number[] => points.map((point) => map[point]!);
  const result = new GameState(game.size, game.rules);
  const { black, white, toMove } = game.setup;
  result.setUp({ black: image(black), white: image(white), toMove });
  for (const { color, action } of game.turns) result.play(color, map[action]!);
  return result;
}

function format(evaluation: GoEvaluation, position: Position, symmetry: number, map: Int32Array): string {
  const { size, toMove } = position;
  const sign = toMove === BLACK ? -1 : 1;
  const { win, loss, draw, score, scoreStdev, lead = score, ownership } = evaluation;
  const policy = legalPolicy(position, evaluation.logits);
  const lines = [
    `symmetry ${symmetry}`,
    `whiteWin ${(sign > 0 ? win : loss).toFixed(6)}`,
    `whiteLoss ${(sign > 0 ? loss : win).toFixed(6)}`,
    `noResult ${draw.toFixed(6)}`,
    `whiteLead ${(sign * lead).toFixed(3)}`,
    `whiteScoreSelfplay ${(sign * score).toFixed(3)}`,
    ...(scoreStdev === undefined ? [] : [`whiteScoreSelfplaySq ${(score ** 2 + scoreStdev ** 2).toFixed(3)}`]),
    ...(evaluation.varTimeLeft === undefined ? [] : [`varTimeLeft ${evaluation.varTimeLeft.toFixed(3)}`]),
    // KataGo's word for what a network does not say.
    `shorttermWinlossError ${(evaluation.shorttermWinlossError ?? -1).toFixed(3)}`,
    `shorttermScoreError ${(evaluation.shorttermScoreError ?? -1).toFixed(3)}`,
    'policy',
    ...rows(size, (point) => sixDigits(policy[map[point]!])),
    `policyPass ${sixDigits(policy[size * size])}`,
    'whiteOwnership',
    ...rows(size, (point) => (sign * (ownership?.[map[point]!] ?? 0)).toFixed(7)),
  ];
  return lines.join('\n');
}

function rows(size: number, cell: (point: number) => string): string[] {
  return Array.from({ length: size }, (_, row) =>
    Array.from({ length: size }, (_unused, column) => cell(row * size + column)).join(' '),
  );
}

function sixDigits(share = NaN): string {
  return Number.isNaN(share) ? 'NAN' : share.toFixed(6);
}
