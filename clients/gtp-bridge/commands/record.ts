/** Game records: `loadsgf` ("GTP protocol version 2, draft 2", section 6.3.6) and `printsgf`. */

import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { AppError, check } from '../../../src/core/errors.js';
import { quoted } from '../../../src/core/quoted.js';
import { needTelling } from '../../../src/go/rule-sets.js';
import { decodeSgf } from '../../../src/go/sgf/encoding.js';
import { rulesOf } from '../../../src/go/sgf/game.js';
import { formatNote, type SgfNote } from '../../../src/go/sgf/notes.js';
import { parseSgf } from '../../../src/go/sgf/read.js';
import { checkSgfLength, formatSgfTree } from '../../../src/go/sgf/tree.js';
import { sgfTree } from '../../../src/go/sgf/write.js';
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
 * A second argument stops the game before that move. The file's rules are played where it names any, in whole; where it names
 * none, and where the network does not know those of the file, the rules stay as they were but for komi. If the file cannot be
 * loaded, the game that was on stays.
 */
function load(session: Session, args: readonly string[]): string {
  const before = args.length > 1 ? number(args, 1, { integer: true, min: 1 }) : Infinity;
  try {
    const bytes = readBytes(word(args, 0));
    const { text, guessed } = decodeSgf(bytes);
    if (guessed !== undefined) session.onNote(`${word(args, 0)}: read as ${guessed}`);
    const onNote = (note: SgfNote): void => session.onNote(`${word(args, 0)}: ${formatNote(note)}`);
    const game = parseSgf(text, { before, onNote });
    if (!session.allowsSize(game.size)) throw refusal('unacceptable size');
    const { rules } = session.game;
    const said = rulesOf(game, rules);
    const known = session.tellsRules || !needTelling(said) ? said : { ...rules, komi: said.komi };
    session.load(game, known);
  } catch (error) {
    if (error instanceof AppError && error.message === 'unacceptable size') throw error;
    throw refusal(`cannot load file: ${AppError.from(error).message}`, error);
  }
  return '';
}

/** The content of a file. A device or a pipe may have no end. */
function readBytes(path: string): Uint8Array {
  const facts = statSync(path);
  check(facts.isFile(), () => `${quoted(path)} is no file`);
  checkSgfLength(facts.size, 'bytes');
  return readFileSync(path);
}

/** Writes the game to a file, or says it where none, or '-', is named. */
function print(session: Session, args: readonly string[]): string {
  const text = formatSgfTree(sgfTree(session.record));
  const [path = '-'] = args;
  if (path === '-') return text;
  try {
    writeFileSync(path, text);
  } catch (error) {
    throw refusal('cannot write file', error);
  }
  return '';
}
