import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '../../..');
const textOf = (name: string): string => readFileSync(join(root, 'docs', name), 'utf8');

/** What stands between backquotes and looks like a path from the root. */
function pathsIn(text: string): string[] {
  const quoted = Array.from(text.matchAll(/`([^`\n]+)`/g), ([, code]) => code!);
  return quoted.filter((code) => /^(src|clients|bench|experiments|test|docs|scripts|proto)\/[\w./-]+$/.test(code));
}

function linksIn(text: string): string[] {
  return Array.from(text.matchAll(/\]\(([^)#]+)/g), ([, link]) => link!).filter((link) => !link.startsWith('http'));
}

it.each(['tour.md', 'extending.md'])('every path and link in docs/%s exists', (name) => {
  const text = textOf(name);
  const missing = pathsIn(text).filter((path) => !existsSync(join(root, path)));
  const broken = linksIn(text).filter((link) => !existsSync(join(root, 'docs', link)));
  expect([...missing, ...broken]).toEqual([]);
});

it('every file that docs/extending.md calls by its name alone exists', () => {
  const files = ['src', 'test'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }),
  );
  const names = new Set(files.map((file) => basename(file)));
  const named = Array.from(textOf('extending.md').matchAll(/`([\w-]+\.ts)`/g), ([, file]) => file!);
  expect(named.filter((file) => !names.has(file))).toEqual([]);
});

it('docs/tour.md names no file twice', () => {
  const paths = pathsIn(textOf('tour.md'));
  expect(paths.length).toBeGreaterThan(50);
  expect(paths.filter((path, i) => paths.indexOf(path) !== i)).toEqual([]);
});
