import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { flagName } from '../../../src/core/config.js';
import { environmentName, isLoopback, loadServerConfig } from '../../../src/server/config.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tengen-config-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const file = (text: string): string => {
  const path = join(folder, 'settings.json');
  writeFileSync(path, text);
  return path;
};

test('a setting has one name in every place', () => {
  expect([environmentName('dataDir'), flagName('maxMessageBytes')]).toEqual(['TENGEN_DATA_DIR', 'max-message-bytes']);
});

test('flags go before the environment, the environment before the file, the file before the defaults', () => {
  const sources = {
    flags: { port: '1', host: undefined },
    env: { TENGEN_PORT: '2', TENGEN_THREADS: '3', TENGEN_ADDRESS: 'a client setting', PATH: '/bin' },
    file: file('{"port": 4, "threads": 5, "maxBatch": 6}'),
  };
  const { port, threads, maxBatch, host, leaseSeconds } = loadServerConfig(sources).config;
  expect([port, threads, maxBatch, host, leaseSeconds]).toEqual([1, 3, 6, '127.0.0.1', 60]);
});

describe('settings that do not go together or do not exist are refused by name', () => {
  it.each([
    [{ flags: { prot: 1 } }, /'prot'; did you mean 'port'/],
    [{ env: { TENGEN_PORT: 'x' } }, /'port' is "x"; it must be a whole number from 0 to 65535/],
    [{ flags: { quotas: 'alice=many' } }, /'quotas' has 'many' for 'alice'; it must be IN_FLIGHT\/PER_SECOND/],
    [{ flags: { tlsCert: 'a' } }, /'tlsCert' and 'tlsKey' go together/],
    [{ flags: { tlsClientCa: 'a' } }, /'tlsClientCa' needs 'tlsCert' and 'tlsKey'/],
    [{ flags: { token: 't', tokenFile: 'f' } }, /'token' and 'tokenFile' are both set/],
    [{ flags: { tokenFile: '/nowhere' } }, /'tokenFile' is '\/nowhere', which cannot be read/],
    [{ flags: { tokensFile: '/nowhere' } }, /'tokensFile' is '\/nowhere', which cannot be read/],
    [{ flags: { host: '::', insecure: true, token: 'fifteen-letters' } }, /at least 16 characters.*has 15/],
    [{ flags: { host: '::', tokens: `a:work=${'x'.repeat(16)},b:work=short` } }, /at least 16.*has 5$/],
    [{ flags: { host: '::' } }, /'host' is '::'.*needs a token and tlsCert and tlsKey/],
    [{ flags: { host: '10.0.0.1', tlsCert: 'a', tlsKey: 'b' } }, /needs a token, or/],
  ])('%j', (sources, message) => {
    expect(() => loadServerConfig(sources)).toThrow(message);
    expect(() => loadServerConfig(sources)).toThrow(expect.objectContaining({ kind: 'invalid-argument' }));
  });

  it('and so are files that are not one JSON object', () => {
    for (const text of ['[]', 'null', '7', '"a"', 'true']) {
      expect(() => loadServerConfig({ file: file(text) })).toThrow(/must hold one JSON object/);
    }
    expect(() => loadServerConfig({ file: file('{"token": sesame}') })).toThrow(/cannot be read: it is not JSON$/);
    expect(() => loadServerConfig({ file: file('{') })).toThrow(/cannot be read/);
    expect(() => loadServerConfig({ file: join(folder, 'none') })).toThrow(/none' cannot be read/);
  });
});

test('lists and files among the settings are read once, with the settings', () => {
  const path = join(folder, 'tokens');
  writeFileSync(path, 'alice:work=sesame\n');
  const { callers, clientQuotas } = loadServerConfig({ flags: { tokensFile: path, quotas: 'alice=4/0' } });
  writeFileSync(path, 'alice:work=swordfish\n');
  expect(callers.check('Bearer sesame').name).toBe('alice');
  expect([...clientQuotas]).toEqual([['alice', { inFlight: 4, perSecond: Infinity }]]);
});

test('another address is allowed with a token and TLS, or when told so', () => {
  const open = { host: '0.0.0.0' };
  expect(
    loadServerConfig({ flags: { ...open, token: 'sixteen-letters!', tlsCert: 'a', tlsKey: 'b' } }).config.host,
  ).toBe('0.0.0.0');
  expect(loadServerConfig({ flags: { ...open, insecure: true } }).config.insecure).toBe(true);
});

test('loopback addresses are those that only this machine reaches', () => {
  expect(['localhost', '127.0.0.1', '127.9.9.9', '::1', 'unix:/tmp/s'].map(isLoopback)).not.toContain(false);
  expect(['0.0.0.0', '::', '127.evil.example', '192.168.1.1', ''].map(isLoopback)).not.toContain(true);
});
