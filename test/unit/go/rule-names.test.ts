import { describe, expect, it } from 'vitest';
import { namedRules, ruleNames } from '../../../src/go/rule-names.js';
import { formatRules, parseRules } from '../../../src/go/rule-sets.js';
import { defaultRules } from '../../../src/go/rules.js';
import { formatSgfTree } from '../../../src/go/sgf/tree.js';
import { parseSgf } from '../../../src/go/sgf/read.js';
import { sgfTree } from '../../../src/go/sgf/write.js';

function rulesOfFile(name: string, program = 'Other'): object {
  const { ko, suicide, scoring, tax } = parseSgf(`(;SZ[9]AP[${program}]RU[${name}])`);
  return ko === undefined ? {} : { ko, suicide, scoring, tax };
}

describe('a name of rules', () => {
  // As in the list under kata-set-rules in KataGo's docs/GTP_Extensions.md; the last four as its program has them.
  it.each([
    ['tromp-taylor', 'koPOSITIONALscoreAREAtaxNONEsui1'],
    ['chinese', 'koSIMPLEscoreAREAtaxNONEsui0whbN'],
    ['chinese-ogs', 'koPOSITIONALscoreAREAtaxNONEsui0whbN'],
    ['chinese-kgs', 'koPOSITIONALscoreAREAtaxNONEsui0whbN'],
    ['japanese', 'koSIMPLEscoreTERRITORYtaxSEKIsui0'],
    ['korean', 'koSIMPLEscoreTERRITORYtaxSEKIsui0'],
    ['stone-scoring', 'koSIMPLEscoreAREAtaxALLsui0'],
    ['aga', 'koSITUATIONALscoreAREAtaxNONEsui0whbN-1'],
    ['bga', 'koSITUATIONALscoreAREAtaxNONEsui0whbN-1'],
    ['new-zealand', 'koSITUATIONALscoreAREAtaxNONEsui1'],
    ['french', 'koSITUATIONALscoreAREAtaxNONEsui0whbN-1'],
    ['ancient-area', 'koSIMPLEscoreAREAtaxALLsui0'],
    ['ancient-territory', 'koSIMPLEscoreTERRITORYtaxALLsui0'],
    ['ing', 'koPOSITIONALscoreAREAtaxNONEsui1'],
  ])('%s means %s', (name, shorthand) => {
    expect(formatRules({ ...parseRules(name), friendlyPassOk: false })).toBe(shorthand);
  });

  it('means in a file what it means in GTP, but for handicap and passes', () => {
    expect(ruleNames).toHaveLength(14);
    for (const [name, { ko, suicide, scoring, tax }] of namedRules) {
      expect(rulesOfFile(name)).toEqual({ ko, suicide, scoring, tax });
    }
    for (const name of ['NZ', 'GOE']) {
      const { ko, suicide, scoring, tax } = parseRules(name);
      expect(rulesOfFile(name)).toEqual({ ko, suicide, scoring, tax });
    }
  });

  it('may have more words behind it in a file; the longest name that fits counts', () => {
    expect(rulesOfFile('Ing Goe 1991')).toMatchObject({ ko: 'positional', suicide: true });
    expect(rulesOfFile('Chinese (2002)')).toMatchObject({ ko: 'simple', suicide: false });
    expect(rulesOfFile('Chinese OGS')).toMatchObject({ ko: 'positional', suicide: false });
    expect(rulesOfFile('Japan')).toMatchObject({ scoring: 'territory', tax: 'seki' });
    expect(rulesOfFile('Old Japanese')).toEqual({});
  });

  it('is Chinese for positional superko in files that Tengen wrote, which stay what they were', () => {
    const game = { ...parseSgf('(;SZ[9])'), ...defaultRules(9) };
    const text = formatSgfTree(sgfTree(game));
    expect(text).toContain('AP[Tengen]SZ[9]KM[7.5]RU[Chinese]');
    expect(parseSgf(text)).toMatchObject(defaultRules(9));
    expect(rulesOfFile('Chinese', 'Tengen')).toMatchObject({ ko: 'positional' });
    expect(rulesOfFile('Chinese', 'Other:1.0')).toMatchObject({ ko: 'simple' });
    // What is simple ko and no more has no name there.
    expect(sgfTree({ ...game, ko: 'simple' }).data['RU']).toEqual(['koSIMPLEscoreAREAtaxNONEsui0']);
  });
});
