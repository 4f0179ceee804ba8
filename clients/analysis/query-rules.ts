/** The rules and the komi of a query. */

import { AppError } from '../../src/core/errors.js';
import { checkRules, defaultRules, type Rules } from '../../src/go/rules.js';
import { ruleNames, rulesByName, type RuleSet } from '../../src/go/rule-names.js';
import { needTelling, ruleFields, withRule } from '../../src/go/rule-sets.js';
import { isObject, shown, type Fields } from './fields.js';

/** Komi where a query says nothing of it. */
const areaKomi = 7.5;
const territoryKomi = 6.5;

type Warn = (field: string, message: string) => void;

/**
 * Always rules that can be played; what cannot be had is warned of and replaced by what is nearest.
 *
 * @param tellsRules whether the network is told what counts as points
 */
export function readRules(fields: Fields, size: number, tellsRules: boolean, warn: Warn): Rules {
  let rules = readBonus(fields, readWithoutKomi(fields, size, warn));
  if (needTelling(rules) && !tellsRules) {
    warn('rules', 'The network only knows area scoring without tax, which is used instead');
    rules = { ...rules, scoring: 'area', tax: 'none' };
  }
  const usual = rules.scoring === 'territory' ? territoryKomi : areaKomi;
  const result = { ...rules, komi: fields.number('komi', -400, 400) ?? usual };
  try {
    checkRules(result, size);
  } catch (error) {
    fields.refuse('komi', AppError.from(error).message);
  }
  return result;
}

function readWithoutKomi(fields: Fields, size: number, warn: Warn): RuleSet {
  const { ko, suicide } = defaultRules(size);
  const value = fields.get('rules');
  if (value === undefined) {
    fields.refuse('rules', 'Must specify rules, as a name or as an object');
    return { ko, suicide };
  }
  const text = typeof value === 'string' ? value : '';
  const asObject = isObject(value) ? value : text.trim().startsWith('{') ? parsed(text) : undefined;
  if (asObject) return readObject(fields, asObject, { ko, suicide }, warn);
  const named = rulesByName(text);
  if (!named) fields.refuse('rules', `Unknown rules ${shown(value)}; known are ${ruleNames.join(', ')}`);
  return named ?? { ko, suicide };
}

function readObject(fields: Fields, values: Record<string, unknown>, base: RuleSet, warn: Warn): RuleSet {
  let rules = base;
  for (const [key, value] of Object.entries(values)) {
    const next = withRule(rules, key, String(value));
    if (next) rules = next;
    else if (key === 'hasButton') warn('rules', 'The button is not supported and was left out');
    else if (ruleFields.includes(key)) fields.refuse('rules', `Rule ${key} cannot be ${shown(value)}`);
    else fields.refuse('rules', `Unknown rule ${key}; known are ${ruleFields.join(', ')}`);
  }
  return rules;
}

/** A field of its own wins over the one in the rules. */
function readBonus(fields: Fields, rules: RuleSet): RuleSet {
  const bonus = fields.get('whiteHandicapBonus');
  if (bonus === undefined) return rules;
  const changed = withRule(rules, 'whiteHandicapBonus', typeof bonus === 'number' ? String(bonus) : shown(bonus));
  if (!changed) fields.refuse('whiteHandicapBonus', `Must be 0, N or N-1, not ${shown(bonus)}`);
  return changed ?? rules;
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
