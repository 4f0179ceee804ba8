import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { GtpClient } from '../../clients/shared/gtp-client.js';
import { packageVersion } from '../../src/core/version.js';
import { ModelServiceDefinition } from '../../src/proto/tengen/v1/model.js';
import { bundleBridge, startBridge } from '../support/bridge-process.js';
import { HeuristicServer } from '../support/heuristic-server.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { tinyModel } from '../support/served-models.js';
import { makeDataDir, removeDataDir, startServerProcess } from '../support/start-server.js';

const server = new HeuristicServer(7);
const bridges: GtpClient[] = [];

function bridge(address: string, ...flags: string[]): GtpClient {
  const started = startBridge(address, '--visits', '24', ...flags);
  bridges.push(started);
  return started;
}

beforeAll(async () => {
  bundleBridge();
  await server.start();
});
afterEach(async () => {
  await Promise.all(bridges.splice(0).map((client) => client.close()));
});
afterAll(() => server.stop());

describe('the bundled bridge', () => {
  it('plays on the board that the model knows, with interactive priority', async () => {
    const client = bridge(server.address);
    const replies = await Promise.all(
      ['name', 'genmove b', 'version', 'showboard'].map((command) => client.send(command)),
    );
    expect(replies[0]).toBe('Tengen');
    expect(replies[1]).toMatch(/^[A-G]\d$/);
    expect(replies[2]).toBe(`${packageVersion} hand@000000000000 fp32`);
    expect(replies[3]).toContain('Komi: 9');
    await expect(client.send('boardsize 9')).rejects.toThrow('unacceptable size');
    expect(server.evaluated).toBeGreaterThan(10);
    expect(server.interactive).toBe(server.evaluated);
  });

  it('sends a bare line feed as the end of an analysis', async () => {
    const client = bridge(server.address);
    await client.send('boardsize 7');
    let lines = 0;
    const analysis = client.send('kata-analyze b 1 ownership true', {
      onLine: (line) => {
        if (line.startsWith('info') && ++lines === 3) client.interrupt();
      },
    });
    expect((await analysis).split('\n').length).toBeGreaterThanOrEqual(3);
    expect(await client.send('protocol_version')).toBe('2');
  });

  it('answers while the server is away, and plays once it is back', async () => {
    const away = new HeuristicServer(5);
    await away.start();
    away.stop();
    const client = bridge(away.address, '--patience', '0');
    expect(await client.send('name')).toBe('Tengen');
    await expect(client.send('genmove b')).rejects.toThrow(/cannot reach the server: .*ECONNREFUSED/);
    await away.start();
    try {
      expect(await untilAnswered(client, 'genmove b')).toMatch(/^[A-E]\d$/);
      away.stop();
      await client.send('play w A1');
      await expect(client.send('genmove b')).rejects.toThrow(/cannot reach the server: /);
      await away.start();
      expect(await untilAnswered(client, 'genmove b')).toMatch(/^[A-E]\d$/);
    } finally {
      away.stop();
    }
  });

  it('plays a game through a connection that is cut at every move, and the player notices nothing', async () => {
    const proxy = new TcpProxy(server.address);
    const client = bridge(await proxy.start(), '--visits', '60', '--batch', '1');
    try {
      for (let turn = 0; turn < 6; turn++) {
        // The bytes of a search that is under way are held up, and then lost with the connection.
        await client.send('clear_cache');
        const passed = proxy.forwardedBytes;
        const move = client.send(`genmove ${turn % 2 === 0 ? 'b' : 'w'}`);
        await Promise.race([proxy.forwarded(passed + 2000), move]);
        proxy.cut();
        expect(await move).toMatch(/^[A-G]\d$/);
      }
      expect(proxy.accepted).toBeGreaterThan(6);
      expect(await client.send('showboard')).toContain('Moves: 6');
    } finally {
      proxy.stop();
    }
  });

  it('moves in time when the server stalls, and says so on stderr', async () => {
    const proxy = new TcpProxy(server.address);
    const client = bridge(await proxy.start(), '--lag', '0');
    try {
      expect(await client.send('genmove b')).toMatch(/^[A-G]\d$/);
      await client.send('kata-time_settings absolute 4');
      proxy.stalled = true;
      // What is left of the last search would do for a move; without it the network is needed.
      await client.send('clear_cache');
      const asked = performance.now();
      expect(await client.send('genmove w')).toMatch(/^[A-G]\d$/);
      expect(performance.now() - asked).toBeLessThan(4000);
      expect(client.stderr).toContain('A move is made without the network: no answer within 1000 ms');
    } finally {
      proxy.stop();
    }
  });

  it('says that its token is wrong', async () => {
    const guarded = new HeuristicServer(5, 'secret');
    await guarded.start();
    try {
      await expect(bridge(guarded.address, '--token', 'wrong').send('genmove b')).rejects.toThrow(
        'the server refused the token',
      );
      expect(await bridge(guarded.address, '--token', 'secret').send('genmove b')).toMatch(/^[A-E]\d$/);
    } finally {
      guarded.stop();
    }
  });

  it('ends with its input, also when the last command is still being worked on', async () => {
    const client = bridge(server.address);
    const move = client.send('genmove b');
    const closing = client.close();
    expect(await move).toMatch(/^[A-G]\d$/);
    await closing;
    await expect(client.send('name')).rejects.toThrow('exit code 0');
  });
});

describe('the bundled bridge and the real server', () => {
  it('play with a network, score with it, and wait for a model where there is none yet', async () => {
    const dataDir = makeDataDir();
    const process = await startServerProcess(dataDir, ['--log-level', 'warn', '--import-dir', dataDir]);
    try {
      const client = bridge(process.address);
      await expect(client.send('genmove b')).rejects.toThrow('There is no model yet');
      const file = join(dataDir, 'tiny.safetensors');
      writeFileSync(file, tinyModel(5, 1));
      await process.connect().client(ModelServiceDefinition).importModel({ name: 'tiny', path: file });
      expect(await untilAnswered(client, 'genmove b', 'There is no model yet')).toMatch(/^[A-E]\d$/);
      expect(await client.send('version')).toMatch(/^0\.1\.0 tiny@[0-9a-f]{12} fp32$/);
      expect(await client.send('kata-genmove_analyze w 1000 ownership true')).toMatch(
        / ownership( -?[01]\.\d{3}){25}\nplay /,
      );
      expect(await client.send('final_score')).toMatch(/^[BW]\+/);
      await expect(client.send('boardsize 9')).rejects.toThrow('unacceptable size');
    } finally {
      await process.stop();
      removeDataDir(dataDir);
    }
  });
});

describe('a real server that is killed in the middle of a game', () => {
  it('is waited for, and the move that was being thought about comes', async () => {
    const dataDir = makeDataDir();
    let process = await startServerProcess(dataDir, ['--log-level', 'warn', '--import-dir', dataDir]);
    try {
      const file = join(dataDir, 'tiny.safetensors');
      writeFileSync(file, tinyModel(5, 1));
      await process.connect().client(ModelServiceDefinition).importModel({ name: 'tiny', path: file });
      const client = bridge(process.address, '--visits', '200');
      expect(await client.send('genmove b')).toMatch(/^([A-E]\d|pass)$/);
      const port = process.address.split(':')[1] ?? '';
      await process.kill();
      const move = client.send('genmove w');
      process = await startServerProcess(dataDir, ['--log-level', 'warn', '--no-page', '--port', port]);
      expect(await move).toMatch(/^([A-E]\d|pass)$/);
      expect(await client.send('genmove b')).toMatch(/^([A-E]\d|pass)$/);
    } finally {
      await process.stop();
      removeDataDir(dataDir);
    }
  });
});

/** Tries until the bridge has reconnected; how long that takes is the back-off's business. */
async function untilAnswered(client: GtpClient, command: string, refusal = 'cannot reach the server'): Promise<string> {
  for (;;) {
    try {
      return await client.send(command);
    } catch (error) {
      if (!String(error).includes(refusal)) throw error;
    }
  }
}
