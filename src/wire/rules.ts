/** Rules and colors ↔ messages. */

import { check } from '../core/errors.js';
import { BLACK, WHITE, type Color } from '../go/color.js';
import type { HandicapBonus, KoRule, Rules, Scoring, Tax } from '../go/rules.js';
import type * as pb from '../proto/tengen/v1/position.js';
import { wordOf } from './enums.js';

// Words by their number in the messages. Zero, what an old client sends, is the default, which has a number too.
const kos = ['positional', 'simple', 'positional', 'situational'] as const satisfies readonly KoRule[];
const scorings = ['area', 'area', 'territory'] as const satisfies readonly Scoring[];
const taxes = ['none', 'none', 'seki', 'all'] as const satisfies readonly Tax[];
const handicapBonuses = ['0', '0', 'N', 'N-1'] as const satisfies readonly HandicapBonus[];

/** Messages of rules in use: every position of a game has the same. */
const messages = new WeakMap<Rules, pb.Rules>();

/** Rules as a message; it is shared, so not to be written to. */
export function rulesToWire(rules: Rules): pb.Rules {
  let message = messages.get(rules);
  if (!message) messages.set(rules, (message = makeMessage(rules)));
  return message;
}

function makeMessage(rules: Rules): pb.Rules {
  const { ko, suicide, komi, scoring = 'area', tax = 'none', whiteHandicapBonus = '0', friendlyPassOk = false } = rules;
  return {
    suicide,
    komi,
    friendlyPassOk,
    ko: kos.lastIndexOf(ko) as pb.KoRule,
    scoring: scorings.lastIndexOf(scoring) as pb.Scoring,
    tax: taxes.lastIndexOf(tax) as pb.Tax,
    whiteHandicapBonus: handicapBonuses.lastIndexOf(whiteHandicapBonus) as pb.HandicapBonus,
  };
}

/** What was read last: all positions of a request have the same rules as a rule. */
let latest: { readonly message: pb.Rules; readonly rules: Rules } | undefined;

/**
 * Rules that the message leaves at their default are absent from the result. They may be shared, so not to be written to.
 *
 * @throws AppError 'invalid-argument' if the rules are missing or name an unknown rule
 */
export function rulesFromWire(message: pb.Rules | undefined): Rules {
  check(message !== undefined, 'rules are missing');
  if (latest && isSame(latest.message, message)) return latest.rules;
  const rules = readRules(message);
  latest = { message, rules };
  return rules;
}

function isSame(a: pb.Rules, b: pb.Rules): boolean {
  return (
    a.ko === b.ko &&
    a.suicide === b.suicide &&
    a.komi === b.komi &&
    a.scoring === b.scoring &&
    a.tax === b.tax &&
    a.whiteHandicapBonus === b.whiteHandicapBonus &&
    a.friendlyPassOk === b.friendlyPassOk
  );
}

function readRules(message: pb.Rules): Rules {
  const ko = wordOf('rules.ko', message.ko, kos);
  const scoring = wordOf('rules.scoring', message.scoring, scorings);
  const tax = wordOf('rules.tax', message.tax, taxes);
  const whiteHandicapBonus = wordOf('rules.white_handicap_bonus', message.whiteHandicapBonus, handicapBonuses);
  return {
    ko,
    suicide: message.suicide,
    komi: message.komi,
    ...(scoring !== 'area' && { scoring }),
    ...(tax !== 'none' && { tax }),
    ...(whiteHandicapBonus !== '0' && { whiteHandicapBonus }),
    ...(message.friendlyPassOk && { friendlyPassOk: true }),
  };
}

/** @throws AppError 'invalid-argument' unless the color is black or white */
export function colorFromWire(message: pb.Color, field: string): Color {
  check(message === BLACK || message === WHITE, () => `${field} is ${message}; it must be 1 (black) or 2 (white)`);
  return message;
}
