/**
 * Commands that search: genmove and its variants, and the analysis commands in the three dialects that GUIs speak
 * (Leela Zero's, KataGo's, and Sabaki's own without a prefix).
 */

import type { Color } from '../../../src/go/color.js';
import { formatVertex } from '../../../src/go/vertex.js';
import { analyze } from '../analyze.js';
import { parseAnalysisArguments, type AnalysisStyle } from '../analysis-arguments.js';
import { color } from '../arguments.js';
import type { Handler, Invocation, Reply } from '../engine.js';
import { generateInTime, generateQuietly } from '../fallback.js';
import type { Choice } from '../move-choice.js';
import type { Session } from '../session.js';

/** The commands that look for moves. */
export function searchCommands(session: Session): readonly (readonly [string, Handler])[] {
  const search = { play: false };
  return [
    ['genmove', (invocation) => genmove(session, invocation, { play: true })],
    ['reg_genmove', (invocation) => genmove(session, invocation, search)],
    ['kata-search', (invocation) => genmove(session, invocation, search)],
    ['kata-search_cancellable', (invocation) => genmove(session, invocation, { ...search, cancellable: true })],
    ['kgs-genmove_cleanup', (invocation) => genmove(session, invocation, { play: true, cleanUp: true })],
    ['analyze', (invocation) => analysis(session, invocation, 'sabaki')],
    ['lz-analyze', (invocation) => analysis(session, invocation, 'lz')],
    ['kata-analyze', (invocation) => analysis(session, invocation, 'kata')],
    ['genmove_analyze', (invocation) => genmoveAnalyze(session, invocation, 'sabaki', { play: true })],
    ['lz-genmove_analyze', (invocation) => genmoveAnalyze(session, invocation, 'lz', { play: true })],
    ['kata-genmove_analyze', (invocation) => genmoveAnalyze(session, invocation, 'kata', { play: true })],
    ['kata-search_analyze', (invocation) => genmoveAnalyze(session, invocation, 'kata', search)],
    [
      'kata-search_analyze_cancellable',
      (invocation) => genmoveAnalyze(session, invocation, 'kata', { ...search, cancellable: true }),
    ],
  ];
}

interface Variant {
  readonly play: boolean;
  readonly cleanUp?: boolean;
  /** Ends at the next line of input with `cancelled` instead of a move. */
  readonly cancellable?: boolean;
}

async function genmove(session: Session, invocation: Invocation, variant: Variant): Promise<string> {
  const player = invocation.args.length > 0 ? color(invocation.args, 0) : session.game.position.toMove;
  const { play, cleanUp = false } = variant;
  const choice = await generateQuietly(session, { color: player, play, cleanUp, stop: stopOf(invocation, variant) });
  return isCancelled(invocation, variant) ? 'cancelled' : formatChoice(session, choice);
}

function genmoveAnalyze(session: Session, invocation: Invocation, style: AnalysisStyle, variant: Variant): Reply {
  const request = parseAnalysisArguments(invocation.args, style, session.game.size);
  const player: Color = request.player ?? session.game.position.toMove;
  const stop = stopOf(invocation, variant);
  return (async function* () {
    const choice = yield* generateInTime(session, {
      color: player,
      play: variant.play,
      analysis: { request, style },
      stop,
    });
    yield `play ${isCancelled(invocation, variant) ? 'cancelled' : formatChoice(session, choice)}`;
  })();
}

function analysis(session: Session, invocation: Invocation, style: AnalysisStyle): Reply {
  const request = parseAnalysisArguments(invocation.args, style, session.game.size);
  return analyze(session, request, style, invocation.moreInput);
}

function stopOf(invocation: Invocation, variant: Variant): AbortSignal {
  return variant.cancellable ? invocation.moreInput : invocation.signal;
}

function isCancelled(invocation: Invocation, variant: Variant): boolean {
  return variant.cancellable === true && invocation.moreInput.aborted;
}

function formatChoice(session: Session, choice: Choice): string {
  return choice === 'resign' ? 'resign' : formatVertex(choice, session.game.size);
}
