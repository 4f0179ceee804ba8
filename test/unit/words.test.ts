import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');

/** Exported names that had several senses; the glossary of docs/architecture.md says which word is used now. */
const retired: readonly (readonly [name: RegExp, now: string])[] = [
  [/^(pack|unpack|hash)Record$|^recordBytes$/, 'packPosition, unpackPosition, hashPacked, packedBytes'],
  [/^EvaluationJob$/, 'PendingEvaluation'],
  [/^TrainerSnapshot$/, 'TrainerCopy'],
  [/^modelRef$/, 'refOf'],
  [/^ModelFiles$/, 'ModelSource'],
  [/^(Open)?Policy(Port|Options)?$/, 'PolicyModel, PolicyModelOptions, SchedulingOptions'],
  [/^GroupMemory$/, 'RankGroupMemory'],
];

/** The TypeScript files of some folders, by their paths from the root. */
function filesIn(...folders: string[]): string[] {
  const files = folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((file) => join(folder, file)),
  );
  return files.filter((file) => /\.tsx?$/.test(file));
}

function exportedNames(): [name: string, file: string][] {
  return filesIn('src', 'clients').flatMap((file) => {
    const text = readFileSync(join(root, file), 'utf8');
    const names = text.matchAll(/^export (?:async )?(?:abstract )?(?:class|const|function\*?|interface|type) (\w+)/gm);
    return Array.from(names, ([, name]): [string, string] => [name!, file]);
  });
}

const names = exportedNames();

it.each(retired)('no exported name is a retired word: %s', (pattern, now) => {
  const found = names.filter(([name]) => pattern.test(name)).map(([name, file]) => `${name} of ${file} (now: ${now})`);
  expect(found).toEqual([]);
});

it.each(['LoadedModel', 'ModelSource', 'Work', 'Snapshot', 'Job', 'Family', 'Group'])(
  'one thing at most is called %s',
  (word) => {
    const files = names
      .filter(([name, file]) => name === word && !file.startsWith('src/proto/'))
      .map(([, file]) => file);
    expect(files.length).toBeLessThanOrEqual(1);
  },
);

it('name@version is put together in one place', () => {
  const together = /\$\{[^`]*\}@\$\{/;
  const files = filesIn('src', 'clients', 'bench', 'experiments');
  const found = files.filter((file) => together.test(readFileSync(join(root, file), 'utf8')));
  expect(found).toEqual(['src/core/refs.ts']);
});
