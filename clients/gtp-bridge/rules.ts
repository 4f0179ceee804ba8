/** Rules as KataGo's commands and queries write them. */

import type { KoRule, Rules } from '../../src/go/rules.js';

/** Named rules that score by area; komi is not part of a name. */
export const namedRules: Readonly<Record<string, Pick<Rules, 'ko' | 'suicide'>>> = {
  'tromp-taylor': { ko: 'positional', suicide: true },
  chinese: { ko: 'simple', suicide: false },
  'chinese-ogs': { ko: 'positional', suicide: false },
  'chinese-kgs': { ko: 'positional', suicide: false },
  aga: { ko: 'situational', suicide: false },
  bga: { ko: 'situational', suicide: false },
  'new-zealand': { ko: 'situational', suicide: true },
};

/** Rules as the object that KataGo writes. */
export function rulesObject(rules: Rules): Record<string, string | boolean> {
  return {
    friendlyPassOk: false,
    hasButton: false,
    ko: rules.ko.toUpperCase(),
    scoring: 'AREA',
    suicide: rules.suicide,
    tax: 'NONE',
    whiteHandicapBonus: '0',
  };
}

/** `rules` with one field of that object changed; undefined if there is no such field or value. */
export function withRule(rules: Rules, key: string, value: string): Rules | undefined {
  const lower = value.toLowerCase();
  if (key === 'ko' && ['simple', 'positional', 'situational'].includes(lower)) return { ...rules, ko: lower as KoRule };
  if (key === 'suicide' && ['true', 'false'].includes(lower)) return { ...rules, suicide: lower === 'true' };
  // Whatever else rules may say can only be set to what it is.
  const fixed = rulesObject(rules)[key];
  return fixed !== undefined && String(fixed).toLowerCase() === lower ? rules : undefined;
}
