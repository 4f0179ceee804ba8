/** Parameters of the search under KataGo's names, for `kata-set-param` and for the queries of the analysis engine. */

import { describeAllowed, number, readConfig, type NumberField } from '../core/config.js';
import { scoreFactors, type ScoreFactors } from '../go/score-utility.js';
import { katagoPuct, type PuctOptions } from '../search/puct.js';
import { playerSchema, type PlayerConfig } from './config.js';
import type { ThinkerTuning } from './thinker.js';

/** What a GTP session or an analysis query says about the search; the rest is as usual. */
export type SearchParameters = Partial<PuctOptions & ScoreFactors>;

/** Our name and the range, by KataGo's name. */
const byName = {
  cpuctExploration: ['cPuct', 0, 10],
  cpuctExplorationLog: ['cPuctLog', 0, 10],
  cpuctExplorationBase: ['cPuctBase', 10, 100_000],
  cpuctUtilityStdevScale: ['cPuctStdevScale', 0, 1],
  cpuctUtilityStdevPrior: ['cPuctStdevPrior', 0.001, 10],
  cpuctUtilityStdevPriorWeight: ['cPuctStdevPriorWeight', 0, 100],
  fpuReductionMax: ['fpuReduction', 0, 2],
  rootFpuReductionMax: ['rootFpuReduction', 0, 2],
  fpuParentWeightByVisitedPolicyPow: ['fpuVisitedPower', 0, 5],
  wideRootNoise: ['wideRootNoise', 0, 5],
  rootPolicyTemperature: ['rootPolicyTemperature', 0.01, 100],
  numVirtualLossesPerThread: ['virtualLoss', 0.01, 1000],
  staticScoreUtilityFactor: ['staticScore', 0, 1],
  dynamicScoreUtilityFactor: ['dynamicScore', 0, 1],
} as const satisfies Record<string, readonly [keyof SearchParameters, number, number]>;

/** KataGo's name of a parameter of the search. */
export type SearchParameterName = keyof typeof byName;

const defaults: Required<SearchParameters> = { ...katagoPuct, ...scoreFactors };

export const searchParameterNames = Object.keys(byName) as readonly SearchParameterName[];

export function isSearchParameter(name: string): name is SearchParameterName {
  return Object.hasOwn(byName, name);
}

export function searchParameter(parameters: SearchParameters, name: SearchParameterName): number {
  const [key] = byName[name];
  return parameters[key] ?? defaults[key];
}

/** `parameters` with one of them changed. @throws AppError 'invalid-argument' naming the value seen and those allowed */
export function withSearchParameter(
  parameters: SearchParameters,
  name: SearchParameterName,
  value: unknown,
): SearchParameters {
  const [key] = byName[name];
  const field = fieldOf(name);
  return { ...parameters, [key]: readConfig({ [name]: field }, { [name]: value })[name] };
}

/** How a thinker searches by them. */
export function tuningOf(
  parameters: SearchParameters,
  batch: number,
  transpositions: PlayerConfig['transpositions'] = playerSchema.transpositions.default,
): ThinkerTuning {
  const { staticScore = defaults.staticScore, dynamicScore = defaults.dynamicScore, ...puct } = parameters;
  return { batch, staticScore, dynamicScore, puct, transpositions };
}

/** The parameters of a tuning by KataGo's names, those that differ from the usual. */
export function namedParameters({ puct, staticScore, dynamicScore }: ThinkerTuning): Readonly<Record<string, number>> {
  const parameters: SearchParameters = { ...puct, staticScore, dynamicScore };
  const named = searchParameterNames.map((name) => [name, searchParameter(parameters, name)] as const);
  return Object.fromEntries(named.filter(([name, value]) => value !== searchParameter({}, name)));
}

function fieldOf(name: SearchParameterName): NumberField {
  const [key, min, max] = byName[name];
  return number(defaults[key], min, max, describeAllowed(number(defaults[key], min, max, '')));
}
