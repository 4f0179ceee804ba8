import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ModelServiceDefinition } from '../../src/proto/tengen/v1/model.js';
import { GatewayClient, GatewayProcess } from '../support/analysis-gateway.js';
import { bundleBridge } from '../support/bridge-process.js';
import { HeuristicServer } from '../support/heuristic-server.js';
import { skipWithout } from '../support/needs.js';
import { tinyModel } from '../support/served-models.js';
import { makeDataDir, removeDataDir, startServerProcess } from '../support/start-server.js';

const server = new HeuristicServer(9);
const folder = mkdtempSync(join(tmpdir(), 'tengen-gateway-'));
let gateway: GatewayProcess | undefined;

async function start(...flags: string[]): Promise<string> {
  gateway = await GatewayProcess.start(server.address, ...flags);
  return gateway.url;
}

function query(id: string, changes: object = {}): object {
  const board = { boardXSize: 9, boardYSize: 9, rules: 'chinese' };
  return { id, moves: [['B', 'E5']], ...board, maxVisits: 20, ...changes };
}

beforeAll(async () => {
  bundleBridge();
  await server.start();
});
afterEach(() => gateway?.stop());
afterAll(() => {
  server.stop();
  rmSync(folder, { recursive: true });
});

describe('the analysis engine at an address', () => {
  it('answers queries, several in a frame, reports while it searches, and terminates', async () => {
    const client = new GatewayClient(await start());
    await client.send(query('a'), query('b', { analyzeTurns: [0, 1] }));
    for (const id of ['a', 'b']) expect(await client.answer((answer) => answer.id === id)).toHaveProperty('rootInfo');
    await client.answer(({ id, turnNumber }) => id === 'b' && turnNumber === 1);
    await client.send(query('long', { maxVisits: 10_000_000, reportDuringSearchEvery: 0.01 }));
    await client.answer(({ id, isDuringSearch }) => id === 'long' && isDuringSearch === true);
    await client.send({ id: 't', action: 'terminate', terminateId: 'long' });
    await client.answer(({ id, isDuringSearch }) => id === 'long' && isDuringSearch === false);
    await client.send({ id: 'm', action: 'query_models' });
    expect(await client.answer(({ id }) => id === 'm')).toHaveProperty('models');
    // A line of its own would be taken for the answer by KaTrain.
    await client.send(query('w', { overrideSettings: { unheardOf: 1, wideRootNoise: 0.04 } }));
    expect(await client.answer(({ id }) => id === 'w')).toMatchObject({
      warning: 'Unknown config params: unheardOf',
      rootInfo: { visits: 20 },
    });
    client.socket.send('no json');
    expect((await client.answer(({ error }) => error !== undefined)).error).toMatch(/could not parse/);
    expect(await gateway!.stop()).toBe(0);
    expect(await client.end()).toEqual([1001, 'The gateway is stopping']);
  });

  it('serves 32 at once, and one with few queries before one with many is done', async () => {
    const url = await start('--connections', '32', '--positions', '4');
    const greedy = new GatewayClient(url);
    await greedy.send(...Array.from({ length: 400 }, (_, i) => query(`q${i}`)));
    await greedy.answer(() => true);
    const others = Array.from({ length: 31 }, () => new GatewayClient(url));
    await Promise.all(others.map((other) => other.send(query('one'))));
    await Promise.all(others.map((other) => other.answer(({ id }) => id === 'one')));
    expect(greedy.said.length).toBeLessThan(400);
    const late = new GatewayClient(url);
    expect(await late.end()).toEqual([1013, 'All 32 connections are taken; try again later']);
    others[0]!.socket.close();
    await others[0]!.end();
    await greedy.answer(({ id }) => id === 'q399');
    const next = new GatewayClient(url);
    await next.send(query('next'));
    await next.answer(({ id }) => id === 'next');
  });

  it('lets in whoever knows the token, by the address or by a header, and says why others are not', async () => {
    const file = join(folder, 'token');
    writeFileSync(file, 'open sesame\n');
    const url = await start('--listen-token-file', file);
    for (const client of [
      new GatewayClient(`${url}/?token=open%20sesame`),
      new GatewayClient(url, { headers: { authorization: 'Bearer open sesame' } }),
    ]) {
      await client.send(query('in'));
      await client.answer(({ id }) => id === 'in');
    }
    expect(await new GatewayClient(url).end()).toEqual([
      1008,
      'A token is needed: end the address with ?token=TOKEN, or send Authorization: Bearer TOKEN',
    ]);
    expect(await new GatewayClient(`${url}/?token=sesame`).end()).toEqual([1008, 'The token is wrong']);
  });

  it('refuses pages of other sites where nobody needs a token, and lines that are too long', async () => {
    const url = await start();
    const foreign = new GatewayClient(url, { origin: 'https://example.org' });
    expect(await foreign.end()).toEqual([1008, 'The connection comes from a web page of another site']);
    const own = new GatewayClient(url, { origin: url.replace('ws', 'http') });
    await own.send(query('own'));
    await own.answer(({ id }) => id === 'own');
    await own.send({ id: 'x'.repeat(17 * 1024 * 1024) });
    expect((await own.end())[0]).toBe(1009);
  });

  it('speaks TLS', async ({ skip }) => {
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const made = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    const name = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '2'];
    try {
      execFileSync('openssl', [...made, '-keyout', key, '-out', cert, ...name], { stdio: 'ignore' });
    } catch {
      skipWithout('openssl', skip);
    }
    const url = await start('--listen-cert', cert, '--listen-key', key);
    expect(url).toMatch(/^wss:/);
    const client = new GatewayClient(url, { ca: readFileSync(cert) });
    await client.send(query('safe'));
    await client.answer(({ id }) => id === 'safe');
  });

  it('goes on after the server behind it was restarted', async () => {
    const dataDir = makeDataDir();
    let behind = await startServerProcess(dataDir, ['--log-level', 'warn', '--import-dir', dataDir]);
    try {
      const file = join(dataDir, 'tiny.safetensors');
      writeFileSync(file, tinyModel(5, 1));
      await behind.connect().client(ModelServiceDefinition).importModel({ name: 'tiny', path: file });
      gateway = await GatewayProcess.start(behind.address);
      const client = new GatewayClient(gateway.url);
      const small = { boardXSize: 5, boardYSize: 5, moves: [['B', 'C3']] };
      await client.send(query('before', small));
      expect(await client.answer(({ id }) => id === 'before')).toHaveProperty('rootInfo');
      const port = behind.address.split(':')[1]!;
      await behind.kill();
      await client.send(query('after', small));
      behind = await startServerProcess(dataDir, ['--log-level', 'warn', '--no-page', '--port', port]);
      expect(await client.answer(({ id }) => id === 'after')).toHaveProperty('rootInfo');
    } finally {
      await behind.stop();
      removeDataDir(dataDir);
    }
  });

  it("is understood by Python's websocket client, which KaTrain connects with", async ({ skip }) => {
    const script = [
      'import json, sys, websocket',
      'ws = websocket.create_connection(sys.argv[1], timeout=60)',
      'ws.send(sys.argv[2])',
      'opcode, data = ws.recv_data(control_frame=True)',
      'answer = json.loads(data)',
      'print(opcode, answer["id"], answer["rootInfo"]["visits"])',
    ].join('\n');
    const url = await start();
    try {
      execFileSync('/usr/bin/python3', ['-c', 'import websocket'], { stdio: 'ignore' });
    } catch {
      skipWithout('websocket', skip);
    }
    const args = ['-c', script, url, JSON.stringify(query('py'))];
    expect((await promisify(execFile)('/usr/bin/python3', args)).stdout).toBe('1 py 20\n');
  });
});
