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
import { generateInTime } from '../fallback.js';
import type { GenerateOptions } from '../generate.js';
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
    ['cputime', () => (session.thinkingMs / 1000).toFixed(3)],
    ['gomill-cpu_time', () => (session.thinkingMs / 1000).toFixed(3)],
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
  const search = choose(session, invocation, variant, { color: player });
  for (;;) {
    const step = await search.next();
    if (step.done) return step.value;
  }
}

function genmoveAnalyze(session: Session, invocation: Invocation, style: AnalysisStyle, variant: Variant): Reply {
  const request = parseAnalysisArguments(invocation.args, style, session.game.size);
  const player: Color = request.player ?? session.game.position.toMove;
  const search = choose(session, invocation, variant, { color: player, analysis: { request, style } });
  return (async function* () {
    yield `play ${yield* search}`;
  })();
}

/** Yields the lines of the analysis, if one was asked for, and returns the move as text. */
async function* choose(
  session: Session,
  invocation: Invocation,
  { play, cleanUp = false, cancellable = false }: Variant,
  wanted: Pick<GenerateOptions, 'color' | 'analysis'>,
): AsyncGenerator<string, string> {
  const { moreInput, signal } = invocation;
  const stop = cancellable ? moreInput : signal;
  const started = performance.now();
  try {
    const choice = yield* generateInTime(session, { ...wanted, play, cleanUp, stop });
    if (cancellable && moreInput.aborted) return 'cancelled';
    return choice === 'resign' ? 'resign' : formatVertex(choice, session.game.size);
  } catch (error) {
    if (cancellable && moreInput.aborted) return 'cancelled';
    throw error;
  } finally {
    session.thinkingMs += performance.now() - started;
  }
}

function analysis(session: Session, invocation: Invocation, style: AnalysisStyle): Reply {
  const request = parseAnalysisArguments(invocation.args, style, session.game.size);
  return analyze(session, request, style, invocation.moreInput);
}
