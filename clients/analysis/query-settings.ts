/** What a query says about the search, in its own fields and in `overrideSettings`, under KataGo's names. */

import { AppError } from '../../src/core/errors.js';
import {
  isSearchParameter,
  searchParameterNames,
  withSearchParameter,
  type SearchParameters,
} from '../../src/player/search-parameters.js';
import { perspectives, type AnalysisConfig } from './config.js';
import { Fields, isObject, shown, type Complaint } from './fields.js';

/** How one query is searched and reported. */
export interface QuerySettings {
  /** Visits of the root, its own evaluation included. */
  readonly maxVisits: number;
  /** Milliseconds; Infinity for no limit. */
  readonly maxTimeMs: number;
  readonly perspective: AnalysisConfig['reportWinratesAs'];
  /** Moves of a variation after its first. */
  readonly pvLength: number;
  readonly search: SearchParameters;
  /** Whether the network is not shown the moves before the position. */
  readonly ignoreHistory: boolean;
}

/** Settings that many queries carry and that change nothing at these values. */
const neutral: Readonly<Record<string, unknown>> = {
  rootNumSymmetriesToSample: 1,
  playoutDoublingAdvantage: 0,
  antiMirror: false,
};

/** The query's own fields win over `overrideSettings`, and those over the engine's. */
export function readSettings(
  fields: Fields,
  config: AnalysisConfig,
  warn: (field: string, message: string) => void,
): QuerySettings {
  const given = fields.get('overrideSettings') ?? {};
  if (!isObject(given)) fields.refuse('overrideSettings', `Must be an object, not ${shown(given)}`);
  const overrides = new Fields(isObject(given) ? valuesRead(given) : {});
  const settings: QuerySettings = {
    maxVisits: fields.integer('maxVisits', 1, 2 ** 50) ?? overrides.integer('maxVisits', 1, 2 ** 50) ?? config.visits,
    maxTimeMs: (overrides.number('maxTime', 0, 1e20) ?? Infinity) * 1000,
    perspective: readPerspective(overrides) ?? config.reportWinratesAs,
    pvLength:
      fields.integer('analysisPVLen', 1, 1000) ?? overrides.integer('analysisPVLen', 1, 1000) ?? config.pvLength,
    search: readSearch(fields, overrides),
    ignoreHistory: overrides.has('ignorePreRootHistory')
      ? overrides.flag('ignorePreRootHistory')
      : config.ignorePreRootHistory,
  };
  const known = ['maxVisits', 'maxTime', 'reportAnalysisWinratesAs', 'analysisPVLen', 'ignorePreRootHistory'];
  const unknown = Object.entries(isObject(given) ? given : {}).filter(
    ([key, value]) => !known.includes(key) && !isSearchParameter(key) && !isNeutral(key, value),
  );
  if (unknown.length > 0) {
    warn('overrideSettings', `Unknown config params: ${unknown.map(([key]) => key).join(',')}`);
  }
  if (overrides.problem) refuseAs(fields, 'overrideSettings', overrides.problem);
  return settings;
}

function readSearch(fields: Fields, overrides: Fields): SearchParameters {
  let parameters: SearchParameters = {};
  for (const name of searchParameterNames) {
    if (!overrides.has(name)) continue;
    try {
      parameters = withSearchParameter(parameters, name, overrides.get(name));
    } catch (error) {
      overrides.refuse(name, AppError.from(error).message);
    }
  }
  // What a query may also say in fields of its own.
  const own = {
    rootFpuReductionMax: fields.number('rootFpuReductionMax', 0, 2),
    rootPolicyTemperature: fields.number('rootPolicyTemperature', 0.01, 100),
  } as const;
  for (const [name, value] of Object.entries(own)) {
    if (value !== undefined && isSearchParameter(name)) parameters = withSearchParameter(parameters, name, value);
  }
  return parameters;
}

function readPerspective(overrides: Fields): QuerySettings['perspective'] | undefined {
  const value = overrides.get('reportAnalysisWinratesAs');
  if (value === undefined) return undefined;
  const name = typeof value === 'string' ? value.toLowerCase() : '';
  return (
    perspectives.find((perspective) => perspective === name) ??
    overrides.refuse('reportAnalysisWinratesAs', `Must be BLACK, WHITE or SIDETOMOVE, not ${shown(value)}`)
  );
}

/** KataGo takes every value as text too. */
function valuesRead(values: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => {
      const isNumber = typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value));
      if (value === 'true' || value === 'false') return [key, value === 'true'];
      return [key, isNumber ? Number(value) : value];
    }),
  );
}

function isNeutral(key: string, value: unknown): boolean {
  return Object.hasOwn(neutral, key) && String(neutral[key]) === String(value);
}

function refuseAs(fields: Fields, field: string, problem: Complaint): void {
  fields.refuse(field, `Could not set settings: ${problem.field}: ${problem.message}`);
}
