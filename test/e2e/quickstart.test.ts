import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GtpClient } from '../../clients/shared/gtp-client.js';
import { skipWithout } from '../support/needs.js';
import { pythonWithGrpc } from '../support/python.js';
import { startServerProcess, type ServerProcess } from '../support/start-server.js';

const tengen = join(import.meta.dirname, '../../dist/clients/cli/main.js');

interface End {
  readonly event: string;
  readonly state: string;
  readonly models: readonly { readonly name: string; readonly step: number; readonly promoted: boolean }[];
  readonly gtp: readonly string[];
}

/** Runs a `tengen` command to its end and returns its stdout; fails with its stderr. */
function run(args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [tengen, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    let err = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
    child.on('close', (code) => (code === 0 ? resolve(out) : reject(new Error(`exit code ${String(code)}: ${err}`))));
  });
}

describe('a quickstart on 5×5', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'tengen-quickstart-'));
  let end: End;
  let server: ServerProcess | undefined;

  beforeAll(async () => {
    const settings = ['blocks=1', 'channels=8', 'visits=8', 'batchSize=32', 'startPositions=64', 'candidateSeconds=0'];
    const limits = ['candidateSteps=20', 'maxGames=48', 'ratingGames=4', 'ratingSeconds=20'];
    const flags = [...settings, ...limits].flatMap((setting) => ['--set', setting]);
    const out = await run(['quickstart', '--size', '5', '--minutes', '3', '--json', '--data-dir', dataDir, ...flags]);
    end = JSON.parse(out.trim().split('\n').at(-1) ?? '') as End;
  }, 180_000);

  afterAll(async () => {
    await server?.stop();
    rmSync(dataDir, { recursive: true, force: true });
  });

  it('ends with a network that was trained and is promoted', () => {
    expect(end).toMatchObject({ event: 'end', state: 'done' });
    expect(Math.max(...end.models.map(({ step }) => step))).toBeGreaterThan(0);
    expect(end.models.filter(({ promoted }) => promoted)).toHaveLength(1);
  });

  it('names a command line that plays the network by GTP', async () => {
    const [command, ...args] = end.gtp;
    const engine = new GtpClient({ command: command ?? '', args });
    try {
      await engine.send('boardsize 5');
      expect(await engine.send('genmove black')).toMatch(/^([A-E][1-5]|pass)$/i);
    } finally {
      await engine.close();
    }
  });

  it('leaves a folder that a server serves to commands and to Python', async ({ skip }) => {
    server = await startServerProcess(dataDir);
    const listed = await run(['models', 'list', '--json', '--address', server.address]);
    expect(listed.trim().split('\n')).toHaveLength(end.models.length);
    const played = await run(['match', ':4', ':2', '--games', '4', '--json', '--address', server.address]);
    expect(JSON.parse(played.trim().split('\n').at(-1) ?? '')).toMatchObject({ event: 'result', games: 4 });
    const python = pythonWithGrpc();
    if (!python) return skipWithout('grpc', skip);
    const script = join(import.meta.dirname, '../../clients/python/evaluate.py');
    const answer = execFileSync(python, [script, server.address, '5'], { encoding: 'utf8' });
    expect(answer).toMatch(/^go5@[0-9a-f]{12}: black wins \d+%, score [-+][\d.]+, best move (pass|row \d, column \d)/);
  });
});
