import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { skipWithout } from '../support/needs.js';
import { pythonWithGrpc } from '../support/python.js';
import { makeDataDir, removeDataDir, startServerProcess } from '../support/start-server.js';

it('a loop in Python grows and labels trees through the service', async ({ skip }) => {
  const python = pythonWithGrpc();
  if (!python) return skipWithout('grpc', skip);
  const dataDir = makeDataDir();
  const server = await startServerProcess(dataDir, ['--token', 'secret']);
  try {
    const script = join(import.meta.dirname, '../../clients/python/branching.py');
    const { stdout } = await promisify(execFile)(python, [script, server.address, '2', 'secret'], { encoding: 'utf8' });
    const lines = stdout.trim().split('\n');
    const ends = lines.filter((line) => line.includes('instead of'));
    expect(ends).toHaveLength(2);
    const starts = lines.filter((line) => line.startsWith('game '));
    expect(starts.every((line) => /^game (1: from the start|\d+: branches at \d+, backed up \d+)$/.test(line))).toBe(
      true,
    );
    const labels = lines
      .filter((line) => line.startsWith('result '))
      .map((line) => line.split(' ').slice(3).map(Number));
    let game = 0;
    for (const end of ends) {
      const [games, positions, plain] = end.match(/\d+/g)!.map(Number);
      expect(games).toBe(10);
      expect(plain).toBe(240);
      expect(positions).toBeLessThan(240);
      const ofTree = labels.slice(game, (game += games!));
      expect(ofTree.flat()).toHaveLength(positions!);
      // The first game has its whole length, and a start between the results; the last positions of a game are its own.
      expect(ofTree[0]).toHaveLength(24);
      expect(ofTree[0]![0]).toBeGreaterThan(0);
      expect(ofTree[0]![0]).toBeLessThan(1);
      expect([0, 0.5, 1]).toContain(ofTree[9]!.at(-1));
    }
  } finally {
    await server.kill();
    removeDataDir(dataDir);
  }
});
