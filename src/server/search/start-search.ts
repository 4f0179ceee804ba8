/** A request to search → what the thinker is asked; everything is checked here. */

import { check } from '../../core/errors.js';
import type { Color } from '../../go/color.js';
import { playerSchema, sharings } from '../../player/config.js';
import {
  isSearchParameter,
  searchParameterNames,
  tuningOf,
  withSearchParameter,
  type SearchParameters,
} from '../../player/search-parameters.js';
import type { MoveRestriction } from '../../player/search-position.js';
import type { ThinkerTuning } from '../../player/thinker.js';
import type { MoveChoice, SearchRestriction, StartSearch } from '../../proto/tengen/v1/search.js';
import { Priority } from '../../proto/tengen/v1/evaluator.js';
import { colorFromWire } from '../../wire/rules.js';

/** Most visits that a search may ask for. */
export const MOST_VISITS = 10_000_000;
/** Shortest interval of reports; more than a hundred a second help nobody. */
const SHORTEST_REPORT_MS = 10;
const MOST_RESTRICTIONS = 64;
const MOST_LEAVES = playerSchema.batch.max;
const usualResignTurns = playerSchema.resignTurns.default;

/** How a search is made, as its request says. */
export interface SearchPlan {
  readonly tuning: ThinkerTuning;
  readonly restrictions: readonly MoveRestriction[];
  /** Infinity for none. */
  readonly timeMs: number;
  readonly reportMs: number;
  readonly player: Color | undefined;
}

/**
 * @param size points on a side of the board
 * @throws AppError 'invalid-argument' naming the field, the value seen and the values allowed
 */
export function planOf(search: StartSearch, size: number): SearchPlan {
  const { visits, timeMs, reportMs, player, leaves, restrictions, choose, transpositions } = search;
  checkRange('visits', visits, 0, MOST_VISITS);
  checkRange('leaves', leaves, 0, MOST_LEAVES);
  checkRange('restrictions', restrictions.length, 0, MOST_RESTRICTIONS);
  checkRange('priority', search.priority, 0, Priority.INTERACTIVE);
  checkRange('transpositions', transpositions, 0, sharings.length - 1);
  if (choose) checkChoice(choose);
  return {
    tuning: tuningOf(
      parametersOf(search.parameters),
      leaves || playerSchema.batch.default,
      sharings[transpositions as number],
    ),
    restrictions: restrictions.map((restriction, i) => restrictionOf(restriction, `restrictions[${i}]`, size)),
    timeMs: timeMs || Infinity,
    reportMs: reportMs === 0 ? Infinity : Math.max(SHORTEST_REPORT_MS, reportMs),
    player: player === 0 ? undefined : colorFromWire(player, 'player'),
  };
}

/** As `MoveChoice` has it, with the usual number of turns where none is given. */
export function choiceConfig({ resignBelow, resignTurns, temperature }: MoveChoice): {
  readonly resignBelow: number;
  readonly resignTurns: number;
  readonly temperature: number;
} {
  return { resignBelow, temperature, resignTurns: resignTurns || usualResignTurns };
}

function checkChoice({ resignBelow, resignTurns, temperature }: MoveChoice): void {
  checkRange('choose.resign_below', resignBelow, 0, playerSchema.resignBelow.max);
  checkRange('choose.resign_turns', resignTurns, 0, playerSchema.resignTurns.max);
  checkRange('choose.temperature', temperature, 0, playerSchema.temperature.max);
}

function parametersOf(given: Readonly<Record<string, number>>): SearchParameters {
  let parameters: SearchParameters = {};
  for (const [name, value] of Object.entries(given)) {
    check(isSearchParameter(name), () => `parameters has '${name}'; known are ${searchParameterNames.join(', ')}`);
    parameters = withSearchParameter(parameters, name, value);
  }
  return parameters;
}

function restrictionOf(restriction: SearchRestriction, field: string, size: number): MoveRestriction {
  const { player, moves, avoid, depth } = restriction;
  checkRange(`${field}.depth`, depth, 1, 1_000_000_000);
  const allowed = new Uint8Array(size * size + 1).fill(avoid ? 1 : 0);
  for (const move of moves) {
    checkRange(`${field}.moves`, move, 0, size * size);
    allowed[move] = avoid ? 0 : 1;
  }
  return { player: colorFromWire(player, `${field}.player`), allowed, depth };
}

function checkRange(field: string, value: number, min: number, max: number): void {
  check(value >= min && value <= max, () => `${field} is ${value}; it must be from ${min} to ${max}`);
}
