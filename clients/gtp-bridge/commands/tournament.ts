/** Clocks and scores ("GTP protocol version 2, draft 2", sections 6.3.4 and 6.3.5; KGS's and KataGo's time systems). */

import { AppError } from '../../../src/core/errors.js';
import { BLACK } from '../../../src/go/color.js';
import { formatVertex } from '../../../src/go/vertex.js';
import { formatResult } from '../../../src/go/sgf/write.js';
import { judgeChains, scoreWithout, type JudgedChain, type Status } from '../../../src/player/scoring.js';
import { color, number, word } from '../arguments.js';
import type { Handler, Invocation } from '../engine.js';
import { refusal } from '../refusal.js';
import type { Session } from '../session.js';
import { namedTimeSettings, timeSettings } from '../time-settings.js';

/** Visits of the small search that tells dead stones from living ones. */
const judgingVisits = 64;

export function tournamentCommands(session: Session): readonly (readonly [string, Handler])[] {
  return [
    ['time_settings', ({ args }) => setTimes(session, args)],
    ['kgs-time_settings', ({ args }) => setNamedTimes(session, args, ['none', 'absolute', 'byoyomi', 'canadian'])],
    ['kata-list_time_settings', () => 'none absolute byoyomi canadian fischer fischer-capped'],
    ['kata-time_settings', ({ args }) => setNamedTimes(session, args)],
    ['time_left', ({ args }) => setTimeLeft(session, args)],
    ['final_score', (invocation) => finalScore(session, invocation)],
    ['final_status_list', (invocation) => finalStatusList(session, invocation)],
  ];
}

function setTimes(session: Session, args: readonly string[]): string {
  const [main, period] = [number(args, 0, { min: 0 }), number(args, 1, { min: 0 })];
  session.setTimes(timeSettings(main, period, number(args, 2, { integer: true, min: 0 })));
  return '';
}

function setNamedTimes(session: Session, args: readonly string[], systems?: readonly string[]): string {
  const system = word(args, 0).toLowerCase();
  // A limit of fischer-capped that is negative is none.
  const min = (index: number): number => (system === 'fischer-capped' && index > 1 ? -Infinity : 0);
  const numbers = args.slice(1).map((_, index) => number(args, index + 1, { min: min(index) }));
  const times = namedTimeSettings(system, numbers);
  if (!times || (systems && !systems.includes(system))) throw refusal('syntax error');
  session.setTimes(times);
  return '';
}

function setTimeLeft(session: Session, args: readonly string[]): string {
  const clock = session.clock(color(args, 0));
  // A clock may be overdrawn by the time it is read.
  clock.setLeft(Math.max(0, number(args, 1)) * 1000, number(args, 2, { integer: true, min: 0 }));
  return '';
}

async function finalScore(session: Session, invocation: Invocation): Promise<string> {
  const chains = await judge(session, invocation);
  return formatResult(scoreWithout(session.game.position, chains));
}

async function finalStatusList(session: Session, invocation: Invocation): Promise<string> {
  const wanted = word(invocation.args, 0).toLowerCase();
  if (!['alive', 'dead', 'seki'].includes(wanted)) throw refusal('syntax error');
  const chains = await judge(session, invocation);
  return chains
    .filter((chain) => chain.status === (wanted as Status))
    .map((chain) => chain.points.map((point) => formatVertex(point, session.game.size)).join(' '))
    .join('\n');
}

/** Asks the network who owns what; a game is scored without it if there is no answer. */
async function judge(session: Session, { signal }: Invocation): Promise<readonly JudgedChain[]> {
  const { game, thinker } = session;
  const root = game.positionFor(game.position.toMove);
  try {
    const search = thinker.think(game, root, { visits: judgingVisits, ownership: true, stop: signal });
    let step = await search.next();
    while (!step.done) step = await search.next();
    const sign = root.toMove === BLACK ? 1 : -1;
    const { ownership, candidates } = step.value;
    const known = candidates.length > 0 && ownership.some((value) => value !== 0);
    return judgeChains(root, known ? ownership.map((value) => sign * value) : undefined);
  } catch (error) {
    session.onTrouble(AppError.from(error));
    return judgeChains(root, undefined);
  }
}
