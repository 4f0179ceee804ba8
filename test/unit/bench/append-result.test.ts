import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { appendResult, facts } from '../../../bench/shared/append-result.js';
import { commit } from '../../../bench/shared/commit.js';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'tengen-results-'))));
afterEach(() => rmSync(folder, { recursive: true }));

const whole = { commit: 'abc1234', command: 'npm run bench -- x', node: 'v20', cpu: '2 × B', date: '2026-12-01' };

describe('a result', () => {
  it('is kept with all that it takes to make it again', () => {
    const file = join(folder, 'x.jsonl');
    appendResult(file, { name: 'x', ms: 1 }, whole);
    appendResult(file, { name: 'x', ms: 2 }, whole);
    const lines = readFileSync(file, 'utf8').trim().split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      { name: 'x', ms: 1, ...whole },
      { name: 'x', ms: 2, ...whole },
    ]);
  });

  it.each([
    [{ commit: 'abc1234-dirty' }, 'The code differs from commit abc1234, so nobody could make a result of it again'],
    [{ commit: 'unknown' }, 'There is no git repository here'],
    [{ command: '' }, 'A result without command is not kept'],
    [{ cpu: '' }, 'A result without cpu is not kept'],
    [{ node: '' }, 'A result without node is not kept'],
    [{ date: '' }, 'A result without date is not kept'],
  ])('with %j is refused, and nothing is written', (change, message) => {
    const file = join(folder, 'x.jsonl');
    writeFileSync(file, '');
    expect(() => appendResult(file, { name: 'x' }, { ...whole, ...change })).toThrow(message);
    expect(readFileSync(file, 'utf8')).toBe('');
  });

  it('has the facts of the process that measured it', () => {
    expect(facts()).toBe(facts());
    expect(facts()).toMatchObject({ node: process.version, cpu: expect.stringMatching(/^\d+ × ./) as string });
    expect(Date.parse(facts().date)).toBeGreaterThan(0);
  });
});

it('the commit says where the code differs from it; results are no code', () => {
  expect(commit(folder)).toBe('unknown');
  const git = (...args: string[]): string =>
    execFileSync('git', ['-c', 'user.name=n', '-c', 'user.email=e', ...args], { cwd: folder, encoding: 'utf8' }).trim();
  git('init', '-q');
  const results = ['bench/results/x.jsonl', 'experiments/paper/results/y.jsonl'];
  for (const file of results) mkdirSync(join(folder, dirname(file)), { recursive: true });
  for (const file of ['code.ts', ...results]) writeFileSync(join(folder, file), '');
  git('add', '-A');
  git('commit', '-qm', 'first');
  const head = git('rev-parse', '--short', 'HEAD');
  expect(commit(folder)).toBe(head);
  for (const file of results) writeFileSync(join(folder, file), '{}');
  expect(commit(folder)).toBe(head);
  writeFileSync(join(folder, 'code.ts'), '1');
  expect(commit(folder)).toBe(`${head}-dirty`);
});
