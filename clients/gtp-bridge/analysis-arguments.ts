/**
 * The arguments of the analysis commands: `[player] [interval] key value …`, in every spelling that GUIs send
 * (`b 50`, `50`, `b interval 20`). What is not supported is refused, as GUIs probe for features that way.
 */

import type { Color } from '../../src/go/color.js';
import type { MoveRestriction } from '../../src/player/search-position.js';
import { readColor, vertex, word } from './arguments.js';
import { refusal } from './refusal.js';

/** How an analysis is written: `lz` and `sabaki` as integers from 0 to 10000, `kata` as decimals. */
export type AnalysisStyle = 'lz' | 'kata' | 'sabaki';

/** What an analysis was asked for. */
export interface AnalysisRequest {
  /** Undefined for the side to move. */
  readonly player: Color | undefined;
  readonly intervalMs: number;
  /** At least this many moves in a report, at most that many. */
  readonly minMoves: number;
  readonly maxMoves: number;
  readonly restrictions: readonly MoveRestriction[];
  readonly rootInfo: boolean;
  readonly ownership: boolean;
  readonly movesOwnership: boolean;
  readonly pvVisits: boolean;
  /** The same numbers: the search has a tree, where only one way leads to a position. */
  readonly pvEdgeVisits: boolean;
}

/** Interval of the reports when none is given. */
const defaultIntervalMs = 1000;

/** Keys whose value is true or false; Leela Zero's form knows none of them. */
const flagKeys = ['rootInfo', 'ownership', 'movesOwnership', 'pvVisits', 'pvEdgeVisits'] as const;

/** @throws refusal 'syntax error' for anything that is not understood */
export function parseAnalysisArguments(args: readonly string[], style: AnalysisStyle, size: number): AnalysisRequest {
  const rest = [...args];
  const player = readColor(rest[0]);
  if (player !== undefined) rest.shift();
  let intervalMs = defaultIntervalMs;
  if (/^[\d.]+$/.test(rest[0] ?? '')) intervalMs = readInterval(rest.shift());
  let [minMoves, maxMoves] = [0, Infinity];
  const flags = { rootInfo: false, ownership: false, movesOwnership: false, pvVisits: false, pvEdgeVisits: false };
  const restrictions: MoveRestriction[] = [];
  while (rest.length > 0) {
    const key = rest.shift();
    const flag = flagKeys.find((name) => name === key);
    if (key === 'interval') intervalMs = readInterval(rest.shift());
    else if (key === 'minmoves') minMoves = readCount(rest.shift());
    else if (key === 'maxmoves') maxMoves = readCount(rest.shift());
    else if (key === 'avoid' || key === 'allow') restrictions.push(readRestriction(key, rest.splice(0, 3), size));
    else if (flag && style !== 'lz') flags[flag] = readFlag(rest.shift());
    else throw refusal('syntax error');
  }
  return { player, intervalMs, minMoves, maxMoves, restrictions: merged(restrictions), ...flags };
}

function readInterval(text: string | undefined): number {
  const centiseconds = Number(text);
  if (!text || !(centiseconds >= 0 && centiseconds < 1e9)) throw refusal('syntax error');
  // An interval of 0 asks for as many reports as possible; more than a hundred a second help nobody.
  return Math.max(10, centiseconds * 10);
}

function readCount(text: string | undefined): number {
  if (!text || !/^\d{1,6}$/.test(text)) throw refusal('syntax error');
  return Number(text);
}

function readFlag(text: string | undefined): boolean {
  switch (text?.toLowerCase()) {
    case 'true':
      return true;
    case 'false':
      return false;
    default:
      throw refusal('syntax error');
  }
}

function readRestriction(key: 'avoid' | 'allow', args: readonly string[], size: number): MoveRestriction {
  const player = readColor(args[0]);
  const depth = readCount(args[2]);
  if (player === undefined || depth === 0) throw refusal('syntax error');
  const allowed = new Uint8Array(size * size + 1).fill(key === 'avoid' ? 1 : 0);
  for (const text of word(args, 1).split(',')) allowed[vertex(text, size)] = key === 'avoid' ? 0 : 1;
  return { player, allowed, depth };
}

/** Restrictions of one player and depth add up: what is left is what all of them allow. */
function merged(restrictions: readonly MoveRestriction[]): readonly MoveRestriction[] {
  const result: MoveRestriction[] = [];
  for (const next of restrictions) {
    const same = result.find((other) => other.player === next.player && other.depth === next.depth);
    if (!same) result.push({ ...next, allowed: next.allowed.slice() });
    else for (const [action, allowed] of next.allowed.entries()) same.allowed[action]! &= allowed;
  }
  return result;
}
