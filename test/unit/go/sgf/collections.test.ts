import { readdirSync, readFileSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../../../src/core/errors.js';
import { decodeSgf } from '../../../../src/go/sgf/encoding.js';
import { parseSgf } from '../../../../src/go/sgf/read.js';
import { isMissing } from '../../../support/needs.js';

/** Folders with SGF files: GNU Go's source with its regression suite, KataGo's test data, whatever one has. */
const folders = (process.env['TENGEN_SGF_FOLDERS'] ?? '').split(delimiter).filter(Boolean);

function filesUnder(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) return filesUnder(path);
    return /\.sgf$/i.test(name) ? [path] : [];
  });
}

describe.skipIf(isMissing('collections', folders.length > 0))('collections of SGF files', () => {
  it('can be read, but for empty files and boards that are not square', () => {
    const files = folders.flatMap(filesUnder);
    const refused = files.flatMap((path) => {
      try {
        parseSgf(decodeSgf(readFileSync(path)).text);
        return [];
      } catch (error) {
        const { message } = AppError.from(error);
        return /the text is empty|is not square/.test(message) ? [] : [`${path}: ${message}`];
      }
    });
    expect(files.length).toBeGreaterThan(0);
    expect(refused).toEqual([]);
  });
});
