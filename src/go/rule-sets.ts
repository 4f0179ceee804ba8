/**
 * Rules in the forms that KataGo knows them (cpp/game/rules.cpp, docs/GTP_Extensions.md): names such as `japanese`
 * (`rule-names.ts`), an object as JSON, and the shorthand `koSIMPLEscoreAREAtaxNONEsui0`. What is not said is as in
 * Tromp–Taylor rules, except that territory scoring taxes seki and has a komi of 6.5.
 */

import { AppError, check } from '../core/errors.js';
import { ruleNames, rulesByName, trompTaylor, type CompleteRules, type RuleSet } from './rule-names.js';
import { handicapBonuses, koRules, scorings, taxes, type Rules } from './rules.js';

/** All fields of the object take a quarter of this. */
const MAX_RULES_LENGTH = 1000;

/**
 * Reads a name, a JSON object or a shorthand.
 *
 * @param komi used instead of any komi that the text says or its rules usually have
 * @throws AppError 'invalid-argument' naming what is unknown and what is known
 */
export function parseRules(text: string, komi?: number): CompleteRules {
  const trimmed = text.trim();
  check(trimmed.length <= MAX_RULES_LENGTH, () => {
    return `Rules have ${trimmed.length} characters; they may have ${MAX_RULES_LENGTH} at most`;
  });
  check(!/^aga[-_ ]?button$/i.test(trimmed), () => `Rules '${trimmed}' have a button, which is not played here`);
  const found = trimmed.startsWith('{') ? parseObject(trimmed) : (rulesByName(trimmed) ?? parseShorthand(trimmed));
  return komi === undefined ? found : { ...found, komi };
}

/** The fields of KataGo's object, in its order. */
export const ruleFields: readonly string[] = [
  ...['friendlyPassOk', 'hasButton', 'ko', 'scoring', 'suicide', 'tax', 'whiteHandicapBonus'],
];

/** Rules as the object that KataGo writes; komi is not part of it. */
export function rulesObject(rules: RuleSet): Record<string, string | boolean> {
  const { ko, suicide, scoring = 'area', tax = 'none', whiteHandicapBonus = '0', friendlyPassOk = false } = rules;
  return {
    friendlyPassOk,
    hasButton: false,
    ko: ko.toUpperCase(),
    scoring: scoring.toUpperCase(),
    suicide,
    tax: tax.toUpperCase(),
    whiteHandicapBonus,
  };
}

/** Whether only a network that is told the rules, as KataGo's are, can play by them. */
export function needTelling({ scoring = 'area', tax = 'none' }: RuleSet): boolean {
  return scoring !== 'area' || tax !== 'none';
}

/** `rules` with one field of that object changed; undefined if there is no such field, or no such value of it here. */
export function withRule<R extends RuleSet>(rules: R, key: string, value: string): R | undefined {
  const lower = value.trim().toLowerCase();
  const among = <T extends string>(words: readonly T[]): T | undefined => words.find((w) => w.toLowerCase() === lower);
  const set = (field: keyof Rules, word: string | boolean | undefined): R | undefined =>
    word === undefined ? undefined : { ...rules, [field]: word };
  const yes = lower === 'true' ? true : lower === 'false' ? false : undefined;
  switch (key) {
    case 'ko':
      return set('ko', among(koRules));
    case 'score':
    case 'scoring':
      return set('scoring', among(scorings));
    case 'tax':
      return set('tax', among(taxes));
    case 'suicide':
      return set('suicide', yes);
    case 'whiteHandicapBonus':
      return set('whiteHandicapBonus', among(handicapBonuses));
    case 'friendlyPassOk':
      return set('friendlyPassOk', yes);
    case 'hasButton':
      return yes === false ? rules : undefined;
    default:
      return undefined;
  }
}

function parseObject(text: string): CompleteRules {
  let fields: unknown;
  try {
    fields = JSON.parse(text);
  } catch (error) {
    throw new AppError('invalid-argument', `Rules ${text} are not JSON`, { cause: error });
  }
  return fromFields(Object.entries(fields as Record<string, unknown>).map(([key, value]) => [key, String(value)]));
}

/** Fields of the shorthand by what they begin with; `score` may be written `scoring`. */
const shorthand: Readonly<Record<string, string>> = {
  komi: 'komi',
  ko: 'ko',
  scoring: 'scoring',
  score: 'scoring',
  tax: 'tax',
  sui: 'suicide',
  button: 'hasButton',
  whb: 'whiteHandicapBonus',
  fpok: 'friendlyPassOk',
};
const shorthandField = /^(komi|ko|scoring|score|tax|sui|button|whb|fpok)\s*(-?[\d.]+|[A-Z]+(?:-1)?)\s*/;

function parseShorthand(text: string): CompleteRules {
  const fields: [string, string][] = [];
  let rest = text;
  while (rest !== '' || fields.length === 0) {
    const match = shorthandField.exec(rest);
    check(match !== null, () => `Unknown rules '${text}'; known are ${ruleNames.join(', ')}`);
    const key = shorthand[match[1]!]!;
    const isFlag = key === 'suicide' || key === 'hasButton' || key === 'friendlyPassOk';
    fields.push([key, isFlag ? String(match[2] === '1') : match[2]!]);
    rest = rest.slice(match[0].length);
  }
  return fromFields(fields);
}

function fromFields(fields: readonly (readonly [string, string])[]): CompleteRules {
  let rules = trompTaylor;
  let komi: number | undefined;
  for (const [key, value] of fields) {
    if (key === 'komi') {
      komi = Number(value);
      check(Number.isInteger(komi * 2), () => `komi is '${value}'; it must be a multiple of 0.5`);
      continue;
    }
    const next = withRule(rules, key, value);
    check(next !== undefined, () => `Rule '${key}' cannot be '${value}'; the rules are ${ruleFields.join(', ')}`);
    rules = next;
  }
  const isTerritory = rules.scoring === 'territory';
  const saysTax = fields.some(([key]) => key === 'tax');
  if (isTerritory && !saysTax) rules = { ...rules, tax: 'seki' };
  return { ...rules, komi: komi ?? (isTerritory ? 6.5 : trompTaylor.komi) };
}

/** The shorthand, without komi, as KataGo writes it. */
export function formatRules(rules: RuleSet): string {
  const { ko, scoring = 'area', tax = 'none', suicide, whiteHandicapBonus = '0', friendlyPassOk = false } = rules;
  const counting = `score${scoring.toUpperCase()}tax${tax.toUpperCase()}`;
  const bonus = whiteHandicapBonus === '0' ? '' : `whb${whiteHandicapBonus}`;
  return `ko${ko.toUpperCase()}${counting}sui${suicide ? 1 : 0}${bonus}${friendlyPassOk ? 'fpok1' : ''}`;
}
