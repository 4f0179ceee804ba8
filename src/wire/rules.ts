/** Rules and colors ↔ messages. */

import { check } from '../core/errors.js';
import { BLACK, WHITE, type Color } from '../go/color.js';
import type { Rules } from '../go/rules.js';
import * as pb from '../proto/tengen/v1/position.js';

const koByNumber: readonly (Rules['ko'] | undefined)[] = ['positional', 'simple', 'positional', 'situational'];

/** Rules as a message. */
export function rulesToWire(rules: Rules): pb.Rules {
  return { ko: koByNumber.lastIndexOf(rules.ko) as pb.KoRule, suicide: rules.suicide, komi: rules.komi };
}

/** @throws AppError 'invalid-argument' if the rules are missing or name an unknown ko rule */
export function rulesFromWire(message: pb.Rules | undefined): Rules {
  check(message !== undefined, 'rules are missing');
  const ko = koByNumber[message.ko];
  check(ko !== undefined, () => `rules.ko is ${message.ko}; it must be 1 (simple), 2 (positional) or 3 (situational)`);
  return { ko, suicide: message.suicide, komi: message.komi };
}

/** @throws AppError 'invalid-argument' unless the color is black or white */
export function colorFromWire(message: pb.Color, field: string): Color {
  check(message === BLACK || message === WHITE, () => `${field} is ${message}; it must be 1 (black) or 2 (white)`);
  return message;
}
