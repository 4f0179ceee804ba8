/** Making a move: a search within the clock's budget, and the choice from what it found. */

import type { Color } from '../../src/go/color.js';
import { chooseMove, looksLost, standingScore, type Choice } from '../../src/player/move-choice.js';
import { refusal } from './refusal.js';
import type { AnalysisRequest, AnalysisStyle } from './analysis-arguments.js';
import { formatReport } from './analysis-report.js';
import type { Session } from './session.js';

/** What kind of move is wanted. */
export interface GenerateOptions {
  readonly color: Color;
  /** Whether the move is played on the board and paid from the clock. */
  readonly play: boolean;
  /** Play on until nothing of the opponent's is left to take, instead of passing. */
  readonly cleanUp?: boolean;
  /** Reports to give on the way. */
  readonly analysis?: { readonly request: AnalysisRequest; readonly style: AnalysisStyle };
  /** Ends the thinking at once; the best move so far is made. */
  readonly stop: AbortSignal;
}

/** Yields the lines of the analysis, if one was asked for, and returns the move. */
export async function* generate(session: Session, options: GenerateOptions): AsyncGenerator<string, Choice> {
  const { color, analysis, stop } = options;
  const { game, config, thinker } = session;
  const started = performance.now();
  const position = game.positionFor(color);
  const pass = position.actionCount - 1;
  session.opponentThinks = false;
  if (!config.playOut && !options.cleanUp && game.lastWasPass && standingScore(position, color) > 0) {
    return finish(session, options, pass, started);
  }
  const search = thinker.think(game, position, {
    visits: config.visits,
    timeMs: session.moveBudgetMs(color),
    stop,
    ownership: analysis !== undefined && (analysis.request.ownership || analysis.request.movesOwnership),
    restrictions: analysis?.request.restrictions ?? [],
    movesOwnership: analysis?.request.movesOwnership ?? false,
    ...(analysis ? { reportMs: analysis.request.intervalMs } : {}),
  });
  let step = await search.next();
  for (; !step.done; step = await search.next()) {
    const line = analysis && formatReport(step.value, analysis.request, analysis.style);
    if (line) yield line;
  }
  const opinion = step.value;
  if (opinion.candidates.length === 0) throw refusal('stopped before the first evaluation');
  const line = analysis && formatReport(opinion, analysis.request, analysis.style);
  if (line) yield line;
  const hopelessTurns = looksLost(opinion, config.resignBelow) ? session.hopelessTurns + 1 : 0;
  if (options.play) session.hopelessTurns = hopelessTurns;
  const mayPass = options.cleanUp !== true;
  const choice = chooseMove(opinion, { position, config, hopelessTurns, mayPass, rng: session.rng });
  return finish(session, options, choice, started);
}

/** Pays the clock for a move and plays it, if the search was for a move to play. */
export function finish(session: Session, { color, play }: GenerateOptions, choice: Choice, started: number): Choice {
  if (!play) return choice;
  session.clock(color).use(performance.now() - started);
  if (choice !== 'resign') {
    session.play(color, choice);
    session.opponentThinks = true;
  }
  return choice;
}
