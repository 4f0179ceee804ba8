/** The part of KataGo's commands that GUIs use beside analysis: rules, parameters, models, and the network's raw answer. */

import { AppError } from '../../../src/core/errors.js';
import { parseRules, rulesObject, withRule } from '../../../src/go/rule-sets.js';
import type { Rules } from '../../../src/go/rules.js';
import { SYMMETRIES } from '../../../src/go/symmetry.js';
import { number, readColor, word } from '../arguments.js';
import type { Handler, Invocation } from '../engine.js';
import { parameterNames, readParameter, setParameter } from '../parameters.js';
import { rawNetwork } from '../raw-network.js';
import { refusal } from '../refusal.js';
import type { Session } from '../session.js';

/** KataGo's extensions, and KGS's name for the rules. */
export function kataCommands(session: Session): readonly (readonly [string, Handler])[] {
  return [
    ['kata-get-rules', () => JSON.stringify(rulesObject(session.game.rules))],
    ['kata-set-rules', ({ args }) => setRules(session, args.join(' '))],
    ['kata-set-rule', ({ args }) => setRule(session, word(args, 0), word(args, 1))],
    ['kgs-rules', ({ args }) => setRules(session, kgsRules(word(args, 0)))],
    ['kata-list-params', () => parameterNames.join(' ')],
    ['kata-get-param', ({ args }) => String(readParameter(session, word(args, 0)))],
    ['kata-get-params', () => JSON.stringify(allParameters(session))],
    ['kata-set-param', ({ args }) => (setParameter(session, word(args, 0), word(args, 1)), '')],
    ['kata-set-params', ({ args }) => setParameters(session, args.join(' '))],
    ['kata-get-models', () => JSON.stringify(session.models)],
    ['kata-raw-nn', (invocation) => rawAnswer(session, invocation)],
    ['kata-benchmark', (invocation) => benchmark(session, invocation)],
    ['clear_cache', () => (session.thinker.clear(), '')],
  ];
}

/** Komi stays what it was. */
function setRules(session: Session, text: string): string {
  session.setRules(readRules(text, session.game.rules.komi));
  return '';
}

function readRules(text: string, komi: number): Rules {
  try {
    return parseRules(text, komi);
  } catch (error) {
    throw refusal(AppError.from(error).message, error);
  }
}

/** KGS plays Chinese rules with positional superko. */
function kgsRules(name: string): string {
  return name.toLowerCase() === 'chinese' ? 'chinese-kgs' : name;
}

function setRule(session: Session, key: string, value: string): string {
  session.setRules(changed(session.game.rules, key, value));
  return '';
}

function changed(rules: Rules, key: string, value: string): Rules {
  const result = withRule(rules, key, value);
  if (!result) throw refusal(`unknown rule ${key} ${value}`);
  return result;
}

function allParameters(session: Session): Record<string, number | boolean> {
  return Object.fromEntries(parameterNames.map((name) => [name, readParameter(session, name)]));
}

/** All or none of them. */
function setParameters(session: Session, text: string): string {
  const { config, search } = session;
  try {
    for (const [name, value] of Object.entries(jsonObject(text))) setParameter(session, name, String(value));
  } catch (error) {
    [session.config, session.search] = [config, search];
    throw error;
  }
  return '';
}

function jsonObject(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw refusal('syntax error', error);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw refusal('syntax error');
  return value as Record<string, unknown>;
}

/** `kata-raw-nn [COLOR] SYMMETRY|all`; without a symmetry the board as it is. */
async function rawAnswer(session: Session, { args, signal }: Invocation): Promise<string> {
  const player = readColor(args[0]);
  const [symmetry = '0', ...rest] = player === undefined ? args : args.slice(1);
  const all = Array.from({ length: SYMMETRIES }, (_, each) => each);
  const chosen = symmetry.toLowerCase() === 'all' ? all : all.filter((each) => String(each) === symmetry);
  if (chosen.length === 0) throw refusal('syntax error');
  if (rest.length > 0) throw refusal('policy optimism is not supported');
  return rawNetwork(session, player ?? session.game.position.toMove, chosen, signal);
}

/** A search of the position from nothing, without limits of time. */
async function benchmark(session: Session, { args, signal }: Invocation): Promise<string> {
  const visits = number(args, 0, { integer: true, min: 1 });
  const { game } = session;
  const thinker = session.newThinker();
  const started = performance.now();
  const search = thinker.think(game, game.positionFor(game.position.toMove), { visits, stop: signal });
  let step = await search.next();
  while (!step.done) step = await search.next();
  thinker.clear();
  const seconds = (performance.now() - started) / 1000;
  const made = step.value.visits;
  return `${made} visits in ${seconds.toFixed(2)} s, ${(made / seconds).toFixed(1)} visits/s`;
}
