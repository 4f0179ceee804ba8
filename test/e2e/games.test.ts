import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GameView } from '../../clients/shared/game-view.js';
import type { GameRecord } from '../../src/go/game-record.js';
import { parseSgfTree, type SgfNode } from '../../src/go/sgf/tree.js';
import { parseSgf } from '../../src/go/sgf/read.js';
import { formatResult } from '../../src/go/sgf/write.js';
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.js';
import { playTree } from '../support/played-tree.js';
import { randomGame } from '../support/random-games.js';
import { makeDataDir, removeDataDir, startServerProcess, type ServerProcess } from '../support/start-server.js';
import { storeGames } from '../support/store-games.js';

const tengen = join(import.meta.dirname, '../../dist/clients/cli/main.js');
const treeId = 'alphazero-1-2';
const variations = 6;

let dataDir: string;
let server: ServerProcess;
let tree: GameRecord[];

beforeAll(async () => {
  dataDir = makeDataDir();
  const store = await openSqliteStore({ dataDir, now: () => 1_764_000_000_000 });
  const configJson = JSON.stringify({ size: 5, variations });
  const { jobId } = await store.jobs.create({ kind: 'alphazero', model: 'go5', configJson });
  await store.jobs.setState(jobId, 'done');
  tree = playTree({ size: 5, jobId, treeId, seed: 2, branching: { variations } });
  await storeGames(store, [{ ...randomGame({ size: 5, seed: 3, gameId: 'alphazero-1-1' }), jobId }, ...tree]);
  await store.close();
  server = await startServerProcess(dataDir);
});
afterAll(async () => {
  await server.kill();
  removeDataDir(dataDir);
});

function run(...args: string[]): { code: number | null; out: string; err: string } {
  const words = [tengen, 'games', ...args, '--address', server.address];
  const { status, stdout, stderr } = spawnSync(process.execPath, words, { encoding: 'utf8' });
  return { code: status, out: stdout, err: stderr };
}

/** The moves of every line of a file, as SGF writes them. */
function linesOf(node: SgfNode, before: readonly string[] = []): string[] {
  const { B: black, W: white } = node.data;
  const path = [...before, ...(black ? [`B${black[0]!}`] : white ? [`W${white[0]!}`] : [])];
  return node.children.length === 0 ? [path.join(' ')] : node.children.flatMap((child) => linesOf(child, path));
}

const sgfMoves = ({ moves }: GameRecord): string =>
  moves
    .map((move, ply) => {
      const point = move === 25 ? '' : 'abcde'[move % 5]! + 'abcde'[Math.floor(move / 5)]!;
      return `${ply % 2 === 0 ? 'B' : 'W'}${point}`;
    })
    .join(' ');

describe('tengen games list', () => {
  it('has a tree in one line, the newest first', () => {
    const { code, out } = run('list');
    expect(code).toBe(0);
    const [header, , first, second, ...rest] = out.trimEnd().split('\n');
    expect(header).toMatch(/^GAME +KIND +MODEL +VARIATIONS +POSITIONS +MOVES +RESULT +STORED/);
    expect(first).toMatch(/^alphazero-1-2 +tree +go@0123456789ab +6 .* 2025-11-24 16:00:00$/);
    expect(second).toMatch(/^alphazero-1-1 +game +model@0 +1 +10 +10 /);
    expect(rest).toEqual([]);
  });

  it('is JSON for programs, page by page', () => {
    const [game, ...rest] = run('list', '--json', '--limit', '1').out.trimEnd().split('\n');
    expect(rest).toEqual([]);
    const { sequence } = JSON.parse(game!) as { sequence: number };
    expect(JSON.parse(game!)).toMatchObject({ gameId: treeId, kind: 'tree', variations, jobId: 'alphazero-1' });
    const next = run('list', '--json', '--before', sequence.toString()).out;
    expect(JSON.parse(next)).toMatchObject({ gameId: 'alphazero-1-1', kind: 'game' });
  });

  it('says what is wrong in a sentence', () => {
    expect(run('list', '--job', 'nobody')).toMatchObject({ code: 1, err: "tengen: There is no job 'nobody'\n" });
    expect(run('list', '--limit', '0')).toMatchObject({
      code: 2,
      err: "tengen: --limit is '0'; it must be from 1 to 1000\n",
    });
  });
});

describe('tengen games show', () => {
  it('draws the tree, also for the id of one of its games', () => {
    const { code, out } = run('show', treeId);
    expect(code).toBe(0);
    const lines = out.trimEnd().split('\n');
    expect(lines[0]).toBe(`Tree ${treeId}`);
    expect(out).toContain('job alphazero-1 · 6 of 6 games, complete');
    const rows = lines.slice(lines.findIndex((line) => line.includes('RESULT')) + 1);
    expect(rows.map((row) => Number(row.slice(0, 4))).toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5]);
    for (const row of rows) {
      const { score, resigned } = tree[Number(row.slice(0, 4))]!;
      expect(row).toMatch(
        new RegExp(`[─━] *${score > 0 ? 'B' : 'W'} .* ${formatResult(score, resigned).replace('+', '\\+')}$`),
      );
      expect(row.length).toBeLessThanOrEqual(100);
    }
    expect(out).not.toContain('\x1b');
    expect(run('show', `${treeId}.3`).out).toBe(out);
  });

  it('is JSON for programs', () => {
    const view = JSON.parse(run('show', treeId, '--json').out) as GameView;
    expect(view.variations.map(({ branch }) => branch?.ply)).toEqual(
      tree.map(({ variation }) => (variation!.index === 0 ? undefined : variation!.sharedMoves - 1)),
    );
    expect(view.variations.map(({ newPositions }) => newPositions)).toEqual(
      tree.map(({ searches }) => searches.length),
    );
    expect(view.positions).toHaveLength(tree.reduce((sum, { searches }) => sum + searches.length, 0));
  });

  it('draws a single game', () => {
    expect(run('show', 'alphazero-1-1').out).toMatch(/^Game alphazero-1-1\n/);
  });

  it('says that there is no such game', () => {
    const missing = { code: 1, out: '', err: "tengen: There is no game 'alphazero-1-3'\n" };
    expect(run('show', 'alphazero-1-3')).toEqual(missing);
    expect(run('export', 'alphazero-1-3')).toEqual(missing);
    expect(run('show')).toMatchObject({ code: 2, err: 'tengen: games show takes TREE\n' });
  });
});

describe('tengen games export', () => {
  it('writes every game as a line of one SGF file, with what is known of the positions', () => {
    const { code, out } = run('export', treeId);
    expect(code).toBe(0);
    const root = parseSgfTree(out);
    expect(linesOf(root).toSorted()).toEqual(tree.map(sgfMoves).toSorted());
    expect(parseSgf(out).moves.map(({ action }) => action)).toEqual(tree[0]!.moves);
    expect(root.data['C']![0]).toMatch(
      /^Tengen tree alphazero-1-2: job alphazero-1; 6 of 6 games, complete; LCR threshold 0\.\d+\nvalue .* for black, 16 visits\n.*%\nLCR 0\.\d+\nlabel 0\.\d+ for black, from 6 games$/,
    );
    expect(out.match(/N\[Variation \d/g)).toHaveLength(variations - 1);
    expect(out).toMatch(/SBKV\[\d+\.\d\d\]/);
  });

  it('writes to a file', () => {
    const file = join(dataDir, 'tree.sgf');
    expect(run('export', treeId, '--output', file)).toEqual({ code: 0, out: '', err: '' });
    expect(readFileSync(file, 'utf8')).toBe(run('export', treeId).out);
  });
});
