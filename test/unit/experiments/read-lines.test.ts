import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { readLines } from '../../../experiments/shared/files.js';

it('reads the compressed lines of a file first, then those appended since', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tengen-lines-'));
  const file = join(folder, 'runs.jsonl');
  expect(readLines(file)).toEqual([]);
  writeFileSync(`${file}.gz`, gzipSync('{"run":1}\n{"run":2}\n'));
  expect(readLines(file)).toEqual([{ run: 1 }, { run: 2 }]);
  appendFileSync(file, '{"run":3}\n');
  expect(readLines(file)).toEqual([{ run: 1 }, { run: 2 }, { run: 3 }]);
  rmSync(folder, { recursive: true });
});

it.each([
  ['branching', '7x7', 1916],
  ['curriculum', 'ladder', 77],
  ['curriculum', 'ladder-fixed', 32],
  ['strength', 'games', 410],
])('the committed lines of %s %s are all there', (experiment, name, count) => {
  expect(readLines(join('experiments', experiment, 'results', `${name}.jsonl`)).length).toBeGreaterThanOrEqual(count);
});
