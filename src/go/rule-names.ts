/**
 * The names of rules, for everything that reads or writes one: GTP, analysis queries and SGF files.
 *
 * Where programs disagree about a name, KataGo's table is right, since most of what is spoken here are its forms: the
 * names listed under `kata-set-rules` in its docs/GTP_Extensions.md, and `ing`, `goe` and the `ancient-` names of its
 * cpp/game/rules.cpp. So
 * - Chinese is simple ko, as Chinese tournaments are played; the superko that their rules name is what servers play,
 *   `chinese-ogs` and `chinese-kgs`;
 * - Ing is positional superko with suicide, New Zealand situational superko with suicide.
 *
 * Two things KataGo knows are not played here and have no name: Spight's ko rule and the button (`aga-button`).
 */

import type { Rules } from './rules.js';

/** Rules with nothing left to its default. */
export type CompleteRules = Required<Rules>;

/** Rules but for komi, which changes from game to game. */
export type RuleSet = Omit<Rules, 'komi'>;

/** What rules are where nothing else is said. */
export const trompTaylor: CompleteRules = {
  ko: 'positional',
  suicide: true,
  komi: 7.5,
  scoring: 'area',
  tax: 'none',
  whiteHandicapBonus: '0',
  friendlyPassOk: false,
};
const japanese: CompleteRules = {
  ...trompTaylor,
  ko: 'simple',
  suicide: false,
  komi: 6.5,
  scoring: 'territory',
  tax: 'seki',
};
const chinese: CompleteRules = {
  ...trompTaylor,
  ko: 'simple',
  suicide: false,
  whiteHandicapBonus: 'N',
  friendlyPassOk: true,
};
const chineseServer: CompleteRules = { ...chinese, ko: 'positional' };
const aga: CompleteRules = { ...chinese, ko: 'situational', whiteHandicapBonus: 'N-1' };
const stoneScoring: CompleteRules = { ...chinese, tax: 'all', whiteHandicapBonus: '0' };

/** Rules by KataGo's names, with KataGo's komi. */
export const namedRules: ReadonlyMap<string, CompleteRules> = new Map([
  ['tromp-taylor', trompTaylor],
  ['japanese', japanese],
  ['korean', japanese],
  ['chinese', chinese],
  ['chinese-ogs', chineseServer],
  ['chinese-kgs', chineseServer],
  ['aga', aga],
  ['bga', aga],
  ['french', aga],
  ['new-zealand', { ...trompTaylor, ko: 'situational', komi: 7, friendlyPassOk: true }],
  ['stone-scoring', stoneScoring],
  ['ancient-area', stoneScoring],
  ['ancient-territory', { ...japanese, tax: 'all' }],
  ['ing', { ...trompTaylor, friendlyPassOk: true }],
]);

export const ruleNames: readonly string[] = [...namedRules.keys()];

/** Other names, without what stands between their words. */
const otherNames: ReadonlyMap<string, string> = new Map([
  ['nz', 'new-zealand'],
  ['goe', 'ing'],
]);

/** What names in files begin with, beside the names themselves. */
const beginnings: ReadonlyMap<string, string> = new Map([
  ...otherNames,
  ['tromp', 'tromp-taylor'],
  ['japan', 'japanese'],
  ['korea', 'korean'],
]);

/**
 * The names that are written to files, for people and for programs that know no others, and what they mean there. Files of
 * Tengen have always called positional superko Chinese, and still do: no name that other programs know is closer.
 */
const writtenNames: ReadonlyMap<string, string> = new Map([
  ['Chinese', 'chinese-ogs'],
  ['Tromp-Taylor', 'tromp-taylor'],
  ['AGA', 'aga'],
  ['NZ', 'new-zealand'],
  ['Japanese', 'japanese'],
]);

/** Rules by name in any case, with spaces, underscores, hyphens or nothing between its words; undefined if unknown. */
export function rulesByName(text: string): CompleteRules | undefined {
  const wanted = plain(text);
  for (const [name, rules] of namedRules) if (plain(name) === wanted) return rules;
  const other = otherNames.get(wanted);
  return other === undefined ? undefined : namedRules.get(other);
}

/** What a file says by a name of rules: nothing of komi, of handicap or of passes, see `rulesInFile`. */
export type RulesInFile = Required<Pick<Rules, 'ko' | 'suicide' | 'scoring' | 'tax'>>;

/**
 * Rules by a text that begins with a name, as people write them in files ("Japanese rules"); the longest name that fits.
 * What White gets for handicap stones is not read from a name, as files differ in whether their komi has it already, nor
 * how games end.
 *
 * @param isOwn whether Tengen wrote the file
 * @returns undefined if the text begins with no name
 */
export function rulesInFile(text: string, isOwn: boolean): RulesInFile | undefined {
  const own = isOwn ? writtenNames.get(text) : undefined;
  if (own !== undefined) return inFile(namedRules.get(own)!);
  const start = plain(text);
  let longest = '';
  let found: CompleteRules | undefined;
  for (const [beginning, name] of [...ruleNames.map((each) => [plain(each), each] as const), ...beginnings]) {
    if (!start.startsWith(beginning) || beginning.length <= longest.length) continue;
    longest = beginning;
    found = namedRules.get(name);
  }
  return found && inFile(found);
}

/** The name that a file of Tengen says rules by; undefined if no name says all of them. */
export function nameInFile(rules: RuleSet): string | undefined {
  const { ko, suicide, scoring = 'area', tax = 'none', whiteHandicapBonus = '0', friendlyPassOk = false } = rules;
  if (whiteHandicapBonus !== '0' || friendlyPassOk) return undefined;
  for (const [written, name] of writtenNames) {
    const known = namedRules.get(name)!;
    if (known.ko !== ko || known.suicide !== suicide || known.scoring !== scoring || known.tax !== tax) continue;
    return written;
  }
  return undefined;
}

function inFile({ ko, suicide, scoring, tax }: CompleteRules): RulesInFile {
  return { ko, suicide, scoring, tax };
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[-_ ]/g, '');
}
