/** The rules and the komi of a query. */

import { checkRules, defaultRules, type Rules } from '../../src/go/rules.js';
import { namedRules, withRule } from '../gtp-bridge/rules.js';
import { isObject, shown, type Fields } from './fields.js';

/** Komi where a query says nothing of it. */
const areaKomi = 7.5;

/** Always rules that can be played; what cannot be had is warned of and replaced by what is nearest. */
export function readRules(fields: Fields, size: number, warn: (field: string, message: string) => void): Rules {
  const komi = fields.number('komi', -400, 400) ?? areaKomi;
  const rules = { ...readWithoutKomi(fields, size, warn), komi };
  const bonus = fields.get('whiteHandicapBonus');
  if (bonus !== undefined && bonus !== '0' && bonus !== 0) {
    warn('whiteHandicapBonus', `Only 0 is supported, not ${shown(bonus)}; raise komi instead`);
  }
  try {
    checkRules(rules, size);
  } catch (error) {
    fields.refuse('komi', error instanceof Error ? error.message : String(error));
  }
  return rules;
}

function readWithoutKomi(fields: Fields, size: number, warn: (field: string, message: string) => void): Rules {
  const base = defaultRules(size);
  const value = fields.get('rules');
  if (value === undefined) {
    fields.refuse('rules', 'Must specify rules, as a name or as an object');
    return base;
  }
  const asObject = isObject(value)
    ? value
    : typeof value === 'string' && value.startsWith('{')
      ? parsed(value)
      : undefined;
  if (asObject) return readObject(fields, asObject, base, warn);
  const name = typeof value === 'string' ? value.trim().toLowerCase().replace(/[ _]/g, '-') : '';
  const named = namedRules[name];
  if (named) return { ...base, ...named };
  if (!territoryNames.includes(name)) {
    fields.refuse('rules', `Unknown rules ${shown(value)}; known are ${Object.keys(namedRules).join(', ')}`);
    return base;
  }
  warn('rules', `Rules ${name} are not supported, using chinese instead`);
  return { ...base, ...namedRules['chinese'] };
}

const territoryNames = ['japanese', 'korean', 'stone-scoring', 'aga-button', 'ancient-territory', 'ancient-area'];

function readObject(
  fields: Fields,
  values: Record<string, unknown>,
  base: Rules,
  warn: (field: string, message: string) => void,
): Rules {
  let rules: Rules = base;
  for (const [key, value] of Object.entries(values)) {
    const next = withRule(rules, key, String(value));
    if (next) rules = next;
    else if (ruleKeys.includes(key))
      warn('rules', `Rule ${key} ${shown(value)} is not supported and was left as it is`);
    else fields.refuse('rules', `Unknown rule ${key}; known are ${ruleKeys.join(', ')}`);
  }
  return rules;
}

const ruleKeys = ['ko', 'scoring', 'tax', 'suicide', 'hasButton', 'whiteHandicapBonus', 'friendlyPassOk'];

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
