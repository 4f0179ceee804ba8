/** The part of KataGo's commands that GUIs use beside analysis: rules, parameters, and the network's raw answer. */

import { AppError } from '../../../src/core/errors.js';
import { readConfig } from '../../../src/core/config.js';
import { BLACK } from '../../../src/go/color.js';
import type { Rules } from '../../../src/go/rules.js';
import { readColor, word } from '../arguments.js';
import { bridgeSchema } from '../config.js';
import type { Handler, Invocation } from '../engine.js';
import { legalPolicy } from '../legal-policy.js';
import { refusal } from '../refusal.js';
import { namedRules, rulesObject, withRule } from '../rules.js';
import type { Session } from '../session.js';

/** KataGo's names of settings, as far as the bridge has such a thing. */
const parameters = { maxVisits: 'visits', maxTime: 'moveTime', lagBuffer: 'lag' } as const;

/** KataGo's extensions, and KGS's name for the rules. */
export function kataCommands(session: Session): readonly (readonly [string, Handler])[] {
  return [
    ['kata-get-rules', () => JSON.stringify(rulesObject(session.game.rules))],
    ['kata-set-rules', ({ args }) => setRules(session, args.join(' '))],
    ['kata-set-rule', ({ args }) => setRule(session, word(args, 0), word(args, 1))],
    ['kgs-rules', ({ args }) => setRules(session, word(args, 0).replace('_', '-'))],
    ['kata-list-params', () => Object.keys(parameters).join(' ')],
    ['kata-get-param', ({ args }) => String(session.config[parameter(word(args, 0))])],
    ['kata-set-param', ({ args }) => setParameter(session, word(args, 0), word(args, 1))],
    ['kata-raw-nn', (invocation) => rawAnswer(session, invocation)],
    ['clear_cache', () => (session.thinker.clear(), '')],
  ];
}

function setRules(session: Session, text: string): string {
  const { komi } = session.game.rules;
  const named = namedRules[text.trim().toLowerCase()];
  if (named) {
    session.setRules({ ...named, komi });
    return '';
  }
  if (!text.trim().startsWith('{')) throw refusal(`unsupported rules; known are ${Object.keys(namedRules).join(', ')}`);
  let fields: unknown;
  try {
    fields = JSON.parse(text);
  } catch (error) {
    throw refusal('syntax error', error);
  }
  const entries = Object.entries(fields as Record<string, unknown>);
  session.setRules(entries.reduce((rules, [key, value]) => changed(rules, key, String(value)), session.game.rules));
  return '';
}

function setRule(session: Session, key: string, value: string): string {
  session.setRules(changed(session.game.rules, key, value));
  return '';
}

function changed(rules: Rules, key: string, value: string): Rules {
  const result = withRule(rules, key, value);
  if (!result) throw refusal(`unsupported rule ${key} ${value}`);
  return result;
}

function parameter(name: string): (typeof parameters)[keyof typeof parameters] {
  if (!Object.hasOwn(parameters, name)) throw refusal(`unknown parameter ${name}`);
  return parameters[name as keyof typeof parameters];
}

function setParameter(session: Session, name: string, value: string): string {
  const { config } = session;
  session.config = readConfig(bridgeSchema, { ...config, [parameter(name)]: value });
  return '';
}

/** What the network says about the position without any search, White's view, in KataGo's layout. */
async function rawAnswer(session: Session, { args, signal }: Invocation): Promise<string> {
  const player = readColor(args[0]) ?? session.game.position.toMove;
  const position = session.game.positionFor(player);
  const { size } = position;
  const [evaluation] = await session.evaluatorFor(true).evaluate([position], { signal });
  if (!evaluation) throw new AppError('internal', 'the network gave no answer');
  const sign = player === BLACK ? -1 : 1;
  const [whiteWin, whiteLoss] = sign > 0 ? [evaluation.win, evaluation.loss] : [evaluation.loss, evaluation.win];
  const policy = legalPolicy(position, evaluation.logits);
  const lines = [
    'symmetry 0',
    `whiteWin ${whiteWin.toFixed(6)}`,
    `whiteLoss ${whiteLoss.toFixed(6)}`,
    `noResult ${evaluation.draw.toFixed(6)}`,
    `whiteLead ${(sign * evaluation.score).toFixed(3)}`,
    `whiteScoreSelfplay ${(sign * evaluation.score).toFixed(3)}`,
    'policy',
    ...rows(size, (point) => sixDigits(policy[point])),
    `policyPass ${sixDigits(policy[size * size])}`,
    'whiteOwnership',
    ...rows(size, (point) => (sign * (evaluation.ownership?.[point] ?? 0)).toFixed(7)),
  ];
  return lines.join('\n');
}

function rows(size: number, cell: (point: number) => string): string[] {
  return Array.from({ length: size }, (_, row) =>
    Array.from({ length: size }, (_unused, column) => cell(row * size + column)).join(' '),
  );
}

function sixDigits(share = NaN): string {
  return Number.isNaN(share) ? 'NAN' : share.toFixed(6);
}
