import { execFile } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, it } from 'vitest';
import { ModelServiceDefinition } from '../../src/proto/tengen/v1/model.js';
import { parseSgf } from '../../src/go/sgf/read.js';
import { mainLine, parseSgfTree } from '../../src/go/sgf/tree.js';
import { freshServer } from '../support/fresh-server.js';
import { isMissing } from '../support/needs.js';
import { tinyModel } from '../support/served-models.js';

const at = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const network = at('../shared/nets/g170-b6c96-s175395328-d26788732.bin.gz');
/** Forty moves of that network, but that Black's move 25 is A1. */
const blunder = at('test/data/sgf/blunder.sgf');
const fresh = freshServer('--no-page', '--log-level', 'warn');

interface Said {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function review(...args: string[]): Promise<Said> {
  const words = [at('dist/clients/cli/main.js'), 'review', ...args, '--address', fresh.server!.address];
  return new Promise((resolve) => {
    const child = execFile(process.execPath, words, (_, stdout, stderr) =>
      resolve({ code: child.exitCode, stdout, stderr }),
    );
  });
}

async function serve(path: string): Promise<void> {
  const { connect } = await fresh.start(['--import-dir', fresh.dataDir]);
  const file = join(fresh.dataDir, path.endsWith('.gz') ? 'net.bin.gz' : 'net.safetensors');
  writeFileSync(file, path === '' ? tinyModel(5, 1) : readFileSync(path));
  await connect().client(ModelServiceDefinition).importModel({ name: 'net', path: file });
}

describe.skipIf(isMissing('shared', existsSync(network)))('the review of a game with a planted blunder', () => {
  beforeEach(() => serve(network));

  it.each(['server', 'local'])('finds it, by searches on the %s side', async (search) => {
    const out = join(fresh.dataDir, 'reviewed.sgf');
    const { code, stdout } = await review(blunder, '--visits', '50', '--search', search, '--sgf', out);
    expect(code).toBe(0);
    expect(stdout.split('\n').filter((line) => line.includes('??'))).toEqual([
      expect.stringMatching(/^ *25 {2}black {3}A1 .*\?\? {2}[A-J][1-9]/),
    ]);
    expect(stdout).toMatch(/^black: 20 moves, [\d.]+ points lost a move, 1 blunder/m);
    const [before, after] = [readFileSync(blunder, 'utf8'), readFileSync(out, 'utf8')];
    expect(parseSgf(after).moves.map(({ action }) => action)).toEqual(
      parseSgf(before).moves.map(({ action }) => action),
    );
    const nodes = mainLine(parseSgfTree(after));
    expect(nodes[25]!.data['C']![0]).toMatch(/Move 25: black A1, blunder\n[^]*Points lost: 2\d\.\d\nBetter: /);
    expect(nodes[24]!.children.map(({ data }) => data['N'])).toEqual([undefined, ['better']]);
    expect(nodes.slice(1).every(({ data }) => data['SBKV'] !== undefined)).toBe(true);
  });

  it('says the same as JSON, one move a line', async () => {
    const { stdout } = await review(blunder, '--visits', '50', '--json');
    const moves = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(moves).toHaveLength(40);
    expect(moves.filter(({ kind }) => kind === 'blunder')).toEqual([
      expect.objectContaining({ number: 25, player: 'black', move: 'A1', better: expect.any(Array) as unknown }),
    ]);
  });
});

describe('a review', () => {
  it('is refused with the reason: no such file, no SGF, a board that the model does not play', async () => {
    await serve('');
    const file = join(fresh.dataDir, 'game.sgf');
    expect(await review(join(fresh.dataDir, 'none.sgf'))).toMatchObject({ code: 2, stderr: /none.sgf cannot be read/ });
    writeFileSync(file, 'hello');
    expect((await review(file)).stderr).toContain("there is no '(;' in it");
    writeFileSync(file, '(;SZ[9];B[aa])');
    expect((await review(file)).stderr).toMatch(/plays 5×5; the game is on 9×9/);
    writeFileSync(file, '(;SZ[5]RU[Japanese];B[cc];W[bb]');
    const { code, stdout, stderr } = await review(file, '--visits', '5');
    expect([code, stdout.split('\n').length]).toEqual([0, 8]);
    expect(stderr).toMatch(/the text ends with 1 '\(' open[^]*knows area scoring alone/);
  });
});
