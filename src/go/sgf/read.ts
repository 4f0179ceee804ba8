/**
 * What the main line of an SGF file says: setup stones, moves, rules, names, comments. Other programs' files are read as far as
 * they have a meaning; what was passed over or guessed is told in notes, and only what has no meaning is refused.
 */

import { AppError, check } from '../../core/errors.js';
import { quoted } from '../../core/quoted.js';
import { rulesInFile, type RuleSet } from '../rule-names.js';
import { parseRules } from '../rule-sets.js';
import { checkSize } from '../rules.js';
import type { SgfGame } from './game.js';
import { LineReader } from './line-reader.js';
import type { SgfNote } from './notes.js';
import { present } from './present.js';
import { mainLine, readSgfFile, type SgfFile, type SgfNode } from './tree.js';
import { readKomi, readNumber } from './values.js';

/** How a file is read. */
export interface ReadOptions {
  /** Nothing is read from this move on, counted from 1. */
  readonly before?: number;
  /** Told of what was passed over or guessed, at most 50 times. */
  readonly onNote?: (note: SgfNote) => void;
}

/** A game, the file that it is in, and the node of each move. */
export interface ReadGame {
  readonly game: SgfGame;
  readonly root: SgfNode;
  readonly nodes: readonly SgfNode[];
}

/** As `readSgf`, the game alone. */
export function parseSgf(text: string, options: ReadOptions = {}): SgfGame {
  return readSgf(text, options).game;
}

/**
 * Reads the main line of the first game in `text`. Its moves can be played, by `Position.playFreely`, whatever the rules.
 *
 * @throws AppError 'invalid-argument' with line, column and property of what has no meaning: not SGF, not Go, a board that is
 * not square, a point off the board or taken
 */
export function readSgf(text: string, { before = Infinity, onNote = () => undefined }: ReadOptions = {}): ReadGame {
  const file = readSgfFile(text, onNote);
  const root = file.root.data;
  const first = (key: string): string | undefined => root[key]?.[0]?.trim();
  const note =
    (property: string) =>
    (message: string): void =>
      file.note(file.root, property, message);
  check(['1', '', undefined].includes(first('GM')), () => `SGF game type GM is ${quoted(first('GM') ?? '')}; Go is 1`);
  const size = readSize(file, first('SZ'));
  const program = first('AP') ?? '';
  const rules = readRules(first('RU'), program, note('RU'));
  const komi = readKomi(first('KM'), { size, program, isTerritory: rules.scoring === 'territory' }, note('KM'));
  const line = new LineReader(file, size);
  for (const node of mainLine(file.root)) if (!line.read(node, before)) break;
  const moveInRoot = root['B'] !== undefined || root['W'] !== undefined;
  const texts = { blackName: first('PB'), whiteName: first('PW'), result: first('RE'), gameName: first('GN') };
  const game = {
    size,
    ...line.game(),
    ...present({ komi, handicap: readNumber(first('HA'), note('HA')) }),
    ...rules,
    ...present({ ...texts, comment: moveInRoot ? undefined : root['C']?.join('\n') }),
  };
  return { game, root: file.root, nodes: line.nodes };
}

function readSize(file: SgfFile, text: string | undefined): number {
  if (text === undefined) return 19;
  const sides = [...text.slice(0, 100).matchAll(/\d+/g)].map(Number);
  if (sides.length === 0) {
    file.note(file.root, 'SZ', `${quoted(text)} is no number; the board was taken to be 19×19`);
    return 19;
  }
  check(
    sides.every((side) => side === sides[0]),
    () =>
      `The board of the SGF is ${sides.slice(0, 2).join('×')}, which is not square; only square boards are played here`,
  );
  checkSize(sides[0]!);
  return sides[0]!;
}

/** All that a name means, or what KataGo's form says; nothing for other texts. */
function readRules(text: string | undefined, program: string, say: (message: string) => void): Partial<RuleSet> {
  if (text === undefined || text === '') return {};
  const named = rulesInFile(text, /^tengen\b/i.test(program));
  if (named) return named;
  try {
    if (/^ko[A-Z]/.test(text)) {
      const { ko, suicide, scoring, tax, whiteHandicapBonus, friendlyPassOk } = parseRules(text);
      return present({ ko, suicide, scoring, tax, whiteHandicapBonus, friendlyPassOk });
    }
    say(`the rules ${quoted(text)} are unknown and were passed over`);
  } catch (error) {
    say(`the rules were passed over: ${AppError.from(error).message}`);
  }
  return {};
}
