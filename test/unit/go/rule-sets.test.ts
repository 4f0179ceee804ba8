import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { namedRules } from '../../../src/go/rule-names.js';
import { formatRules, parseRules, rulesObject, withRule } from '../../../src/go/rule-sets.js';
import { handicapBonuses, koRules, scorings, taxes, type Rules } from '../../../src/go/rules.js';

const anyRules = fc.record<Required<Rules>>({
  ko: fc.constantFrom(...koRules),
  suicide: fc.boolean(),
  komi: fc.integer({ min: -40, max: 40 }).map((k) => k / 2),
  scoring: fc.constantFrom(...scorings),
  tax: fc.constantFrom(...taxes),
  whiteHandicapBonus: fc.constantFrom(...handicapBonuses),
  friendlyPassOk: fc.boolean(),
});

describe('rules in KataGo’s forms', () => {
  it('are read back from the object and the shorthand as they were written', () => {
    fc.assert(
      fc.property(anyRules, (rules) => {
        expect(parseRules(JSON.stringify(rulesObject(rules)), rules.komi)).toEqual(rules);
        expect(parseRules(formatRules(rules), rules.komi)).toEqual(rules);
        expect(parseRules(`${formatRules(rules)}komi${rules.komi}`)).toEqual(rules);
      }),
      { seed: 7 },
    );
  });

  it('have names, however these are spelled', () => {
    for (const [name, rules] of namedRules) {
      for (const spelled of [name, name.toUpperCase(), name.replaceAll('-', '_'), name.replaceAll('-', '')]) {
        expect(parseRules(spelled)).toEqual(rules);
      }
    }
    expect(formatRules(parseRules('japanese'))).toBe('koSIMPLEscoreTERRITORYtaxSEKIsui0');
    expect(formatRules(parseRules('chinese'))).toBe('koSIMPLEscoreAREAtaxNONEsui0whbNfpok1');
  });

  it('are those of Tromp and Taylor where nothing is said, but tax seki under territory scoring', () => {
    expect(parseRules('{"scoring":"TERRITORY"}')).toMatchObject({ ko: 'positional', tax: 'seki', komi: 6.5 });
    expect(parseRules('koSIMPLE')).toMatchObject({ ko: 'simple', suicide: true, scoring: 'area', komi: 7.5 });
    expect(parseRules('japanese', 0.5).komi).toBe(0.5);
  });

  it.each([
    ['', "Unknown rules ''; known are tromp-taylor, japanese"],
    ['ladder', "Unknown rules 'ladder'"],
    ['aga-button', 'have a button, which is not played here'],
    ['koSPIGHT', "Rule 'ko' cannot be 'SPIGHT'"],
    ['{"hasButton":true}', "Rule 'hasButton' cannot be 'true'; the rules are friendlyPassOk, hasButton, ko"],
    ['{"colour":"red"}', "Rule 'colour' cannot be 'red'"],
    ['{"ko":', 'are not JSON'],
    ['koSIMPLEkomi6.3', "komi is '6.3'; it must be a multiple of 0.5"],
  ])('refuse %j', (text, message) => {
    expect(() => parseRules(text)).toThrow(message);
  });

  it('change one at a time', () => {
    const rules = parseRules('chinese');
    expect(withRule(rules, 'scoring', 'territory')).toEqual({ ...rules, scoring: 'territory' });
    expect(withRule(rules, 'hasButton', 'false')).toEqual(rules);
    expect(withRule(rules, 'suicide', 'maybe')).toBeUndefined();
    expect(withRule(rules, 'size', '9')).toBeUndefined();
  });
});
