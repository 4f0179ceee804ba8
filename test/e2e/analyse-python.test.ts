import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ModelServiceDefinition } from '../../src/proto/tengen/v1/model.js';
import { freshServer } from '../support/fresh-server.js';
import { skipWithout } from '../support/needs.js';
import { pythonWithGrpc } from '../support/python.js';
import { pythonFolder, runPython } from '../support/python-clients.js';
import { tinyModel } from '../support/served-models.js';

const fresh = freshServer('--token', 'secret');
const script = join(pythonFolder, 'analyse.py');

it('a script in Python names the best move of an SGF file and its line', async ({ skip }) => {
  const python = pythonWithGrpc();
  if (!python) return skipWithout('grpc', skip);
  const { address, connect } = await fresh.start(['--import-dir', fresh.dataDir]);
  const path = join(fresh.dataDir, 'tiny.safetensors');
  writeFileSync(path, tinyModel(5, 1));
  await connect({ token: 'secret' }).client(ModelServiceDefinition).importModel({ name: 'tiny', path });
  const file = join(fresh.dataDir, 'game.sgf');
  const analyse = (sgf: string, moves = 10_000): Promise<string> => {
    writeFileSync(file, sgf);
    return runPython(python, script, file, address, String(moves), 'secret');
  };
  const answer = /^tiny@[0-9a-f]{12}: (Black|White) plays (\S+), wins \d+%, leads by [+-][\d.]+: \2( \S+)*$/;
  const game = '(;GM[1]SZ[5]KM[2.5]C[ (\\]) ];B[bb];W[dd];B[tt](;W[bd](;B[db])(;B[aa]))(;W[ee]))';
  expect(answer.exec(await analyse(game))?.[1]).toBe('White');
  expect(answer.exec(await analyse(game, 2))?.[1]).toBe('Black');
  expect(answer.exec(await analyse('(;SZ[5]AB[bb][dd])'))?.[1]).toBe('White');
  expect(answer.exec(await analyse('(;SZ[5]AB[bb]PL[B])'))?.[1]).toBe('Black');
  // All moves but one are on the board, and that one is suicide.
  const full = 'abcde'.replace(/./g, (row) => 'abcde'.replace(/./g, (column) => `[${column}${row}]`));
  const taken = full.replace('[aa]', '').replace('[cc]', '');
  expect(answer.exec(await analyse(`(;SZ[5]AB${taken}PL[W])`))?.[2]).toBe('pass');
  await expect(analyse('(;SZ[9];B[ee])')).rejects.toThrow(/plays 5×5; size is 9/);
  await expect(analyse('(;SZ[5:9])')).rejects.toThrow(/game.sgf: the board is 5×9, which is not square/);
  await expect(analyse('(;SZ[5];B[zz])')).rejects.toThrow(/game.sgf: 'zz' is not on a board of size 5/);
  await expect(analyse('hello')).rejects.toThrow(/game.sgf: there is no game in it/);
  await expect(runPython(python, script)).rejects.toThrow(/usage: analyse.py/);
  await expect(runPython(python, script, 'none.sgf')).rejects.toThrow(/none.sgf: .*No such file/);
});

it('reads the main line of an SGF file, and what was set up', async () => {
  const python = pythonWithGrpc() ?? 'python3';
  const file = join(mkdtempSync(join(tmpdir(), 'tengen-sgf-')), 'game.sgf');
  writeFileSync(file, '(;GM[1]SZ[9]KM[-0.5]AB[aa]\n[ii]AW[ba]C[a (\\] b)];W[cc];B[](;W[tt])(;W[dd]))');
  const read = 'import json, sys, tengen_sgf; print(json.dumps(tengen_sgf.read_game(sys.argv[1])))';
  const game: unknown = JSON.parse(await runPython(python, '-c', read, file));
  const [black, white] = ['COLOR_BLACK', 'COLOR_WHITE'];
  expect(game).toEqual({
    size: 9,
    rules: { ko: 'KO_RULE_POSITIONAL', komi: -0.5 },
    black: [0, 80],
    white: [1],
    to_move: white,
    moves: [
      { player: white, point: 20 },
      { player: black, point: 81 },
      { player: white, point: 81 },
    ],
  });
});
