/**
 * One line of JSON → a query. Source: KataGo, docs/Analysis_Engine.md. What KataGo knows and we do not is warned of, so
 * that a script written for it runs.
 */

import { BLACK, WHITE, type Color } from '../../src/go/color.js';
import type { Rules } from '../../src/go/rules.js';
import type { Setup, Turn } from '../../src/player/game-state.js';
import type { MoveRestriction } from '../../src/player/search-position.js';
import type { ModelFacts } from '../shared/model-watch.js';
import type { AnalysisConfig } from './config.js';
import { Fields, type Complaint, type Placed } from './fields.js';
import { readRules } from './query-rules.js';
import { readSettings, type QuerySettings } from './query-settings.js';

/** What to analyse, and what to say about it. */
export interface AnalysisQuery extends QuerySettings {
  readonly id: string;
  readonly size: number;
  readonly rules: Rules;
  readonly setup: Setup;
  readonly moves: readonly Turn[];
  /** Turns to analyse, each with its priority; 0 is before the first move. */
  readonly turns: readonly { readonly turn: number; readonly priority: number }[];
  readonly restrictions: readonly MoveRestriction[];
  readonly includeOwnership: boolean;
  readonly includeMovesOwnership: boolean;
  readonly includePolicy: boolean;
  readonly includePVVisits: boolean;
  /** Milliseconds between reports during the search, and until the first; Infinity for none. */
  readonly reportMs: number;
  readonly firstReportMs: number;
}

/** A query, or why there is none; and what was passed over. */
export interface ParsedQuery {
  readonly query?: AnalysisQuery;
  readonly problem?: Complaint;
  readonly warnings: readonly Complaint[];
}

/** Fields that KataGo knows and that ask for what we do not have. */
const unsupported = ['includeOwnershipStdev', 'includeMovesOwnershipStdev', 'includeNoResultValue'];

const known = new Set([
  ...['id', 'boardXSize', 'boardYSize', 'initialStones', 'moves', 'initialPlayer', 'analyzeTurns', 'priorities'],
  ...['rules', 'komi', 'whiteHandicapBonus', 'overrideSettings', 'maxVisits', 'analysisPVLen', 'rootFpuReductionMax'],
  ...['rootPolicyTemperature', 'includeMovesOwnership', 'includeOwnership', 'includePolicy', 'includePVVisits'],
  ...[
    'reportDuringSearchEvery',
    'firstReportDuringSearchAfter',
    'priority',
    'allowMoves',
    'avoidMoves',
    ...unsupported,
  ],
]);

const largestPriority = 2 ** 53 - 1;

export function parseQuery(
  values: Readonly<Record<string, unknown>>,
  id: string,
  context: { readonly model: ModelFacts; readonly config: AnalysisConfig },
): ParsedQuery {
  const fields = new Fields(values);
  const warnings: Complaint[] = [];
  const warn = (field: string, message: string): void => void warnings.push({ field, message });
  for (const field of Object.keys(values)) if (!known.has(field)) warn(field, 'Unexpected or unused field');
  for (const field of unsupported) if (fields.flag(field)) warn(field, 'Not supported; left out');
  const size = readSize(fields, context.model);
  if (size === undefined) return { ...problemOf(fields), warnings };
  const stones = fields.placed('initialStones', size, { pass: false }) ?? [];
  if (!fields.has('moves')) fields.refuse('moves', 'Must specify an array of [player, location] pairs');
  const moves = fields.placed('moves', size, { pass: true }) ?? [];
  const toMove = fields.color('initialPlayer') ?? moves[0]?.color ?? firstPlayer(stones);
  const query: AnalysisQuery = {
    id,
    size,
    rules: readRules(fields, size, context.model.tellsRules, warn),
    setup: { ...setupOf(stones), toMove },
    moves,
    turns: readTurns(fields, moves.length),
    restrictions: readRestrictions(fields, size),
    ...readSettings(fields, context.config, warn),
    includeOwnership: fields.flag('includeOwnership'),
    includeMovesOwnership: fields.flag('includeMovesOwnership'),
    includePolicy: fields.flag('includePolicy'),
    includePVVisits: fields.flag('includePVVisits'),
    ...readReports(fields),
  };
  return fields.problem ? { ...problemOf(fields), warnings } : { query, warnings };
}

function problemOf(fields: Fields): { problem: Complaint } | undefined {
  return fields.problem && { problem: fields.problem };
}

function readSize(fields: Fields, { sizes, ref }: ModelFacts): number | undefined {
  for (const field of ['boardXSize', 'boardYSize']) {
    if (!fields.has(field)) return fields.refuse(field, 'Must provide an integer from 2 to 19');
  }
  const [width, height] = [fields.integer('boardXSize', 2, 19), fields.integer('boardYSize', 2, 19)];
  if (width === undefined || height === undefined) return undefined;
  if (width !== height) {
    return fields.refuse(
      'boardYSize',
      `Only square boards are supported; boardXSize is ${width}, boardYSize ${height}`,
    );
  }
  if (sizes.includes(width)) return width;
  const plays = sizes.map((size) => `${size}×${size}`).join(', ');
  return fields.refuse('boardXSize', `Model ${ref} plays ${plays}; the query's board is ${width}×${width}`);
}

/** White after handicap stones, Black otherwise. */
function firstPlayer(stones: readonly Placed[]): Color {
  return stones.length >= 2 && stones.every(({ color }) => color === BLACK) ? WHITE : BLACK;
}

function setupOf(stones: readonly Placed[]): Pick<Setup, 'black' | 'white'> {
  // The last stone that was put on a point is the one that stays.
  const owners = new Map(stones.map(({ color, action }) => [action, color]));
  const of = (color: Color): number[] => [...owners].filter(([, owner]) => owner === color).map(([point]) => point);
  return { black: of(BLACK), white: of(WHITE) };
}

function readTurns(fields: Fields, last: number): AnalysisQuery['turns'] {
  const turns = fields.integers('analyzeTurns', 0, last) ?? [last];
  if (turns.length === 0) fields.refuse('analyzeTurns', 'Must name at least one turn, or be left out for the last one');
  const priority = fields.integer('priority', -largestPriority, largestPriority) ?? 0;
  const priorities = fields.integers('priorities', -largestPriority, largestPriority);
  if (priorities) {
    if (fields.has('priority')) fields.refuse('priority', 'Cannot specify both priority and priorities');
    if (!fields.has('analyzeTurns')) fields.refuse('priorities', 'Can only specify when also specifying analyzeTurns');
    if (priorities.length !== turns.length) fields.refuse('priorities', 'Must be of matching length to analyzeTurns');
  }
  const byTurn = new Map(turns.map((turn, i) => [turn, priorities?.[i] ?? priority]));
  return [...byTurn].map(([turn, own]) => ({ turn, priority: own })).sort((a, b) => a.turn - b.turn);
}

function readReports(fields: Fields): { reportMs: number; firstReportMs: number } {
  const every = fields.number('reportDuringSearchEvery', 0.001, 1_000_000) ?? Infinity;
  const first = fields.number('firstReportDuringSearchAfter', 0.001, 1_000_000) ?? every;
  return { reportMs: every * 1000, firstReportMs: first * 1000 };
}

function readRestrictions(fields: Fields, size: number): readonly MoveRestriction[] {
  if (fields.has('allowMoves') && fields.has('avoidMoves')) {
    fields.refuse('allowMoves', 'Cannot specify both allowMoves and avoidMoves');
  }
  const restrictions: MoveRestriction[] = [];
  for (const field of ['allowMoves', 'avoidMoves']) {
    const form = "Must be a list of dicts with subfields 'player', 'moves', 'untilDepth'";
    for (const item of fields.objects(field, form) ?? []) {
      const restriction = readRestriction(item, field === 'avoidMoves', size);
      if (!restriction) fields.refuse(field, item.problem ? `${item.problem.field}: ${item.problem.message}` : form);
      else if (field === 'allowMoves' && restrictions.some(({ player }) => player === restriction.player)) {
        fields.refuse(field, 'Cannot specify allowMoves more than once for the same player');
      } else restrictions.push(restriction);
    }
  }
  return restrictions;
}

function readRestriction(item: Fields, avoid: boolean, size: number): MoveRestriction | undefined {
  const player = item.color('player');
  const moves = item.locations('moves', size);
  const depth = item.integer('untilDepth', 1, 1_000_000_000);
  if (player === undefined || moves === undefined || depth === undefined) return undefined;
  const allowed = new Uint8Array(size * size + 1).fill(avoid ? 1 : 0);
  for (const action of moves) allowed[action] = avoid ? 0 : 1;
  return { player, allowed, depth };
}
