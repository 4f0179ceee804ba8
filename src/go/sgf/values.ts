/** Values of single properties as programs really write them. */

import { quoted } from '../../core/quoted.js';
import { BLACK, WHITE, type Color } from '../color.js';

/** Told of what was passed over or guessed. */
export type Say = (message: string) => void;

/** The first number in a text; a comma may stand for the point. */
const number = /[-+]?(?:\d+(?:[.,]\d*)?|[.,]\d+)/;

/** Longest text in which a number is looked for. */
const MAX_NUMBER_LENGTH = 100;

/** A number with its unit or without; undefined for a text without one. */
export function readNumber(text: string | undefined, say: Say): number | undefined {
  if (text === undefined || text === '') return undefined;
  const found = number.exec(text.slice(0, MAX_NUMBER_LENGTH).replace('½', '.5'))?.[0];
  if (found === undefined) {
    say(`${quoted(text)} is no number and was passed over`);
    return undefined;
  }
  if (found !== text) say(`${quoted(text)} was read as ${found.replace(',', '.')}`);
  return Number(found.replace(',', '.'));
}

/** What komi is read with. */
export interface KomiFacts {
  readonly size: number;
  /** That wrote the file. */
  readonly program: string;
  /** Whether the file says that territory is counted. */
  readonly isTerritory: boolean;
}

/**
 * Komi. Fox writes hundredths, and servers of area counting write a quarter of the difference in stones: 375 and 3.75 are 7.5,
 * as KataGo reads them.
 */
export function readKomi(text: string | undefined, facts: KomiFacts, say: Say): number | undefined {
  const read = readNumber(text, say);
  if (read === undefined) return undefined;
  const most = facts.size * facts.size;
  const isFox = /^fox/i.test(facts.program.trim());
  const isHundredths =
    Number.isInteger(read) && Math.abs(read) >= 100 && read % 25 === 0 && (isFox || Math.abs(read) > most);
  const points = isHundredths ? read / 100 : read;
  const komi = !facts.isTerritory && Math.abs(points % 0.5) === 0.25 ? 2 * points : points;
  if (komi !== read) say(`${quoted(text ?? '')} was read as a komi of ${komi}`);
  if (Number.isInteger(2 * komi) && Math.abs(komi) <= most) return komi || 0;
  say(`a komi of ${komi} was passed over; it may be a multiple of 0.5 from ${-most} to ${most}`);
  return undefined;
}

/** Whose turn it is: B, W, a word that begins so, or 1 and 2. */
export function readPlayer(text: string, say: Say): Color | undefined {
  const letter = text.trim().toUpperCase().charAt(0);
  if (letter === 'B' || letter === '1') return BLACK;
  if (letter === 'W' || letter === '2') return WHITE;
  say(`${quoted(text)} is no player and was passed over; it may be B or W`);
  return undefined;
}
