/** Rules as KataGo's commands and queries write them: by name, or as an object of fields. */

import {
  handicapBonuses,
  koRules,
  scorings,
  taxes,
  type HandicapBonus,
  type KoRule,
  type Rules,
  type Scoring,
  type Tax,
} from '../../src/go/rules.js';

/** Rules but for komi, which is not part of a name. */
export type RuleSet = Omit<Rules, 'komi'>;

const area = { scoring: 'area', tax: 'none', whiteHandicapBonus: '0', friendlyPassOk: true } as const;
const territory = { ...area, scoring: 'territory', tax: 'seki' } as const;

/** KataGo's names (docs/GTP_Extensions.md, `kata-set-rules`), but for the one with a button. */
const namedRules: Readonly<Record<string, RuleSet>> = {
  'tromp-taylor': { ...area, ko: 'positional', suicide: true, friendlyPassOk: false },
  chinese: { ...area, ko: 'simple', suicide: false, whiteHandicapBonus: 'N' },
  'chinese-ogs': { ...area, ko: 'positional', suicide: false, whiteHandicapBonus: 'N' },
  'chinese-kgs': { ...area, ko: 'positional', suicide: false, whiteHandicapBonus: 'N' },
  aga: { ...area, ko: 'situational', suicide: false, whiteHandicapBonus: 'N-1' },
  bga: { ...area, ko: 'situational', suicide: false, whiteHandicapBonus: 'N-1' },
  'new-zealand': { ...area, ko: 'situational', suicide: true },
  japanese: { ...territory, ko: 'simple', suicide: false },
  korean: { ...territory, ko: 'simple', suicide: false },
  'stone-scoring': { ...area, ko: 'simple', suicide: false, tax: 'all' },
};

/** The names that `rulesByName` knows. */
export const ruleNames: readonly string[] = Object.keys(namedRules);

/** Rules by name, in any case and with spaces or underscores for hyphens; undefined for an unknown name. */
export function rulesByName(text: string): RuleSet | undefined {
  const name = text.trim().toLowerCase().replace(/[ _]/g, '-');
  return Object.hasOwn(namedRules, name) ? namedRules[name] : undefined;
}

/** Whether only a network that is told the rules, as KataGo's are, can play by them. */
export function needTelling({ scoring = 'area', tax = 'none' }: RuleSet): boolean {
  return scoring !== 'area' || tax !== 'none';
}

/** Rules as the object that KataGo writes. */
export function rulesObject(rules: Rules): Record<string, string | boolean> {
  const { scoring = 'area', tax = 'none', whiteHandicapBonus = '0', friendlyPassOk = false } = rules;
  return {
    friendlyPassOk,
    hasButton: false,
    ko: rules.ko.toUpperCase(),
    scoring: scoring.toUpperCase(),
    suicide: rules.suicide,
    tax: tax.toUpperCase(),
    whiteHandicapBonus,
  };
}

/** The fields of that object. */
export const ruleFields: readonly string[] = [
  ...['ko', 'scoring', 'tax', 'suicide', 'hasButton', 'whiteHandicapBonus', 'friendlyPassOk'],
];

/** `rules` with one field of that object changed; undefined if there is no such field or value. */
export function withRule<T extends RuleSet>(rules: T, field: string, value: string): T | undefined {
  const lower = value.toLowerCase();
  const flag = lower === 'true' ? true : lower === 'false' ? false : undefined;
  const isOneOf = (words: readonly string[]): boolean => words.includes(lower);
  switch (field) {
    case 'ko':
      return isOneOf(koRules) ? { ...rules, ko: lower as KoRule } : undefined;
    case 'scoring':
      return isOneOf(scorings) ? { ...rules, scoring: lower as Scoring } : undefined;
    case 'tax':
      return isOneOf(taxes) ? { ...rules, tax: lower as Tax } : undefined;
    case 'whiteHandicapBonus': {
      const bonus = value.toUpperCase();
      const known = handicapBonuses.some((each) => each === bonus);
      return known ? { ...rules, whiteHandicapBonus: bonus as HandicapBonus } : undefined;
    }
    case 'suicide':
    case 'friendlyPassOk':
      return flag === undefined ? undefined : { ...rules, [field]: flag };
    case 'hasButton':
      return flag === false ? rules : undefined;
    default:
      return undefined;
  }
}
