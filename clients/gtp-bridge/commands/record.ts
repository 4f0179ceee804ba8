/** Game records: `loadsgf` ("GTP protocol version 2, draft 2", section 6.3.6) and `printsgf`. */

import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { AppError, check } from '../../../src/core/errors.js';
import { quoted } from '../../../src/core/quoted.js';
import { needTelling } from '../../../src/go/rule-sets.js';
import { parseSgf, rulesOf, sgfTree, type SgfGame } from '../../../src/go/sgf.js';
import { checkSgfLength, formatSgfTree } from '../../../src/go/sgf-tree.js';
import { number, word } from '../arguments.js';
import type { Handler } from '../engine.js';
import { refusal } from '../refusal.js';
import type { Session } from '../session.js';

/** The commands that read and write SGF. */
export function recordCommands(session: Session): readonly (readonly [string, Handler])[] {
  return [
    ['loadsgf', ({ args }) => load(session, args)],
    ['printsgf', ({ args }) => print(session, args)],
  ];
}

/**
 * A second argument stops the game before that move. What the file does not say about the rules stays as it was, and so do
 * all but komi where the network does not know those of the file.
 */
function load(session: Session, args: readonly string[]): string {
  const before = args.length > 1 ? number(args, 1, { integer: true, min: 1 }) : Infinity;
  let game: SgfGame;
  try {
    game = parseSgf(readText(word(args, 0)));
  } catch (error) {
    throw refusal(`cannot load file: ${AppError.from(error).message}`, error);
  }
  if (!session.allowsSize(game.size)) throw refusal('unacceptable size');
  const { rules } = session.game;
  let played = 0;
  try {
    session.setSize(game.size);
    const said = { ...rules, ...rulesOf(game) };
    session.setRules(session.tellsRules || !needTelling(said) ? said : { ...rules, komi: said.komi });
    session.setUp({ black: game.black, white: game.white, toMove: game.toMove });
    for (const move of game.moves.slice(0, before - 1)) {
      played++;
      session.play(move.color, move.action);
    }
  } catch (error) {
    // Half a game helps nobody.
    session.clear();
    const where = played > 0 ? `move ${played}: ` : '';
    throw refusal(`cannot load file: ${where}${AppError.from(error).message}`, error);
  }
  return '';
}

/** The text of a file. A device or a pipe may have no end. */
function readText(path: string): string {
  const facts = statSync(path);
  check(facts.isFile(), () => `${quoted(path)} is no file`);
  checkSgfLength(facts.size, 'bytes');
  return readFileSync(path, 'utf8');
}

function print(session: Session, args: readonly string[]): string {
  const { size, rules, setup, turns } = session.game;
  const text = formatSgfTree(sgfTree({ size, ...rules, ...setup, moves: turns }));
  const [path] = args;
  if (path === undefined) return text;
  try {
    writeFileSync(path, text);
  } catch (error) {
    throw refusal('cannot write file', error);
  }
  return '';
}
