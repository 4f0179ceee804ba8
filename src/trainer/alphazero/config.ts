/** The settings of an `alphazero` job: reading them, and what parts of the job take of them. */

import { readConfig, type ConfigOf } from '../../core/config.js';
import { check } from '../../core/errors.js';
import { defaultRules } from '../../go/rules.js';
import type { Rules } from '../../go/rules.js';
import { branchSettings } from '../go-data/settings.js';
import type { PlaySettings } from '../go-data/work.js';
import { checkGrowthConfig } from './growth-config.js';
import { alphaZeroSchema } from './schema.js';

/** The settings of a job, checked. */
export type AlphaZeroConfig = ConfigOf<typeof alphaZeroSchema>;

/**
 * Reads the settings of a job and fills in the defaults.
 *
 * @throws AppError 'invalid-argument' naming the setting, the value seen and the values allowed
 */
export function readAlphaZeroConfig(input: Readonly<Record<string, unknown>>): AlphaZeroConfig {
  const { komi } = input;
  const config = readConfig(alphaZeroSchema, typeof komi === 'number' ? { ...input, komi: String(komi) } : input);
  const points = Number(config.komi);
  check(
    config.komi === 'fair' ||
      (config.komi.trim() !== '' && Number.isInteger(points * 2) && Math.abs(points) <= config.size ** 2),
    () =>
      `Setting 'komi' is ${JSON.stringify(config.komi)}; it must be 'fair' or a multiple of 0.5 up to ±${config.size ** 2}`,
  );
  check(
    config.candidateSeconds > 0 || config.candidateSteps > 0,
    `Settings 'candidateSeconds' and 'candidateSteps' are both 0; one must be set`,
  );
  checkGrowthConfig(config);
  const { policySurpriseWeight, angleWeight } = config;
  check(
    policySurpriseWeight + angleWeight <= 1,
    () =>
      `Settings 'policySurpriseWeight' and 'angleWeight' are ${policySurpriseWeight} and ${angleWeight}; together they must be at most 1`,
  );
  return config;
}

/** The rules of the job's games. */
export function rulesOf(config: AlphaZeroConfig): Rules {
  const fair = defaultRules(config.size);
  return { ko: config.ko, suicide: config.suicide, komi: config.komi === 'fair' ? fair.komi : Number(config.komi) };
}

/** How the job's games are searched: self-play, or rating games without exploration. */
export function playSettings(config: AlphaZeroConfig, kind: 'self-play' | 'match'): PlaySettings {
  const common = {
    size: config.size,
    rules: rulesOf(config),
    gumbelRoot: config.gumbelRoot,
    gumbelActions: config.gumbelActions,
    maxMoves: config.maxMoves === 0 ? Math.ceil(1.5 * config.size ** 2) : config.maxMoves,
    resignThreshold: config.resignThreshold,
  };
  if (kind === 'match') {
    const visits = config.ratingVisits === 0 ? config.visits : config.ratingVisits;
    return {
      ...common,
      visits,
      cheapVisits: 0,
      fullSearchShare: 1,
      fullSearchAbove: 0,
      temperatureMoves: 0,
      dirichletTotal: 0,
      resignPlayoutShare: 0,
      lateTemperature: 0,
      earlyForkShare: 0,
    };
  }
  const { visits, cheapVisits, fullSearchShare, temperatureMoves, dirichletTotal, resignPlayoutShare } = config;
  const { fullSearchAbove, lateTemperature, earlyForkShare } = config;
  return {
    ...common,
    visits,
    cheapVisits,
    fullSearchShare,
    temperatureMoves,
    dirichletTotal,
    resignPlayoutShare,
    fullSearchAbove,
    lateTemperature,
    earlyForkShare,
    ...(config.variations > 1 && { branching: branchSettings(config) }),
  };
}
