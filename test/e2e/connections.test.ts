import { execFile, execFileSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Status } from 'nice-grpc-common';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AccessLevel, AccessServiceDefinition } from '../../src/proto/tengen/v1/access.js';
import { expectStatus } from '../support/server-calls.js';
import {
  makeDataDir,
  removeDataDir,
  startRefused,
  startServerProcess,
  type ServerProcess,
} from '../support/start-server.js';

const script = fileURLToPath(new URL('../../dist/clients/cli/main.js', import.meta.url));
let folder: string;
let server: ServerProcess | undefined;
const path = (name: string): string => join(folder, name);
const start = async (flags: readonly string[]): Promise<ServerProcess> =>
  (server = await startServerProcess(path('data'), flags));

beforeEach(() => (folder = makeDataDir()));
afterEach(async () => {
  await server?.kill();
  server = undefined;
  removeDataDir(folder);
});

/** The command line's `whoami`; rejects with what it says on stderr. */
async function whoami(...flags: string[]): Promise<unknown> {
  const { stdout } = await promisify(execFile)(process.execPath, [script, 'whoami', '--json', ...flags]);
  return JSON.parse(stdout);
}

describe('tokens in files', () => {
  it('are read by the server and its clients, and never shown', async () => {
    writeFileSync(path('token'), 'admins-0123456789\n', { mode: 0o600 });
    writeFileSync(path('tokens'), '# the workers\nalice:work=alices-0123456789\n\nbob:play=bobs-0123456789\n');
    chmodSync(path('tokens'), 0o644);
    writeFileSync(path('hers'), 'alices-0123456789');
    const { address, log } = await start(['--token-file', path('token'), '--tokens-file', path('tokens')]);
    expect(await whoami('-a', address, '--token-file', path('token'))).toEqual({ name: '', level: 'admin' });
    expect(await whoami('-a', address, '--token-file', path('hers'))).toEqual({ name: 'alice', level: 'work' });
    await expect(whoami('-a', address)).rejects.toThrow('A token is needed');
    await expect(whoami('-a', address, '--token-file', path('none'))).rejects.toThrow("none', which cannot be read");
    expect(log()).not.toContain('0123456789');
    expect(log()).toContain(`"file":"${path('tokens')}","msg":"token-file-readable-by-others"`);
    expect(log()).not.toContain(`"file":"${path('token')}"`);
  });
});

describe('a Unix socket', () => {
  it('is served without a token to the user of the server alone, again after a kill, and without a page', async () => {
    const host = `unix:${path('socket')}`;
    for (const round of [1, 2]) {
      const { address, page, connect } = await start(['--host', host]);
      expect([address, page]).toEqual([host, undefined]);
      expect(statSync(path('socket')).mode & 0o777).toBe(0o600);
      const caller = await connect().client(AccessServiceDefinition).getCaller({});
      expect(caller).toEqual({ name: '', level: AccessLevel.ADMIN });
      expect(await whoami('-a', host)).toEqual({ name: '', level: 'admin' });
      if (round === 2) break;
      const { stderr } = await startRefused(path('other'), ['--host', host]);
      expect(stderr).toContain(`Cannot listen on ${host}: another server listens there`);
      await server?.kill();
      expect(existsSync(path('socket'))).toBe(true);
    }
  });
});

describe('a server that asks for certificates of clients', () => {
  /** A key and a certificate; signed by `issuer`, or by itself. */
  function certify(name: string, issuer?: string): void {
    const openssl = (...args: string[]): void => void execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', `${name}.key`];
    if (issuer === undefined) {
      openssl('req', '-x509', ...key, '-subj', `/CN=${name}`, '-days', '2', '-out', `${name}.pem`);
      return;
    }
    openssl('req', ...key, '-subj', `/CN=${name}`, '-out', `${name}.csr`);
    writeFileSync(path('names'), 'subjectAltName=DNS:localhost,IP:127.0.0.1\n');
    const by = ['-CA', `${issuer}.pem`, '-CAkey', `${issuer}.key`, '-CAcreateserial', '-extfile', 'names'];
    openssl('x509', '-req', '-in', `${name}.csr`, ...by, '-days', '2', '-out', `${name}.pem`);
  }

  it('lets in only those whose certificate the authority signed, and their token still has its level', async () => {
    for (const name of ['authority', 'stranger']) certify(name);
    certify('server', 'authority');
    certify('worker', 'authority');
    certify('intruder', 'stranger');
    const tls = ['--tls-cert', path('server.pem'), '--tls-key', path('server.key')];
    const { address, page, connect } = await start([
      ...[...tls, '--tls-client-ca', path('authority.pem')],
      ...['--tokens', 'alice:work=alices-0123456789'],
    ]);
    const own = (name: string) => ({ 'tls-cert': path(`${name}.pem`), 'tls-key': path(`${name}.key`) });
    const ca = path('authority.pem');
    const token = 'alices-0123456789';
    const as = (options: object) =>
      connect({ ca, token, ...options })
        .client(AccessServiceDefinition)
        .getCaller({});
    expect(await as(own('worker'))).toEqual({ name: 'alice', level: AccessLevel.WORK });
    await expectStatus(as({}), Status.UNAVAILABLE, /./);
    await expectStatus(as(own('intruder')), Status.UNAVAILABLE, /./);
    await expectStatus(as({ ...own('worker'), token: '' }), Status.UNAUTHENTICATED, /A token is needed/);
    const flags = ['--tls-cert', path('worker.pem'), '--tls-key', path('worker.key'), '--ca', ca, '--token', token];
    expect(await whoami('-a', address, ...flags)).toEqual({ name: 'alice', level: 'work' });

    const get = (options: object): Promise<number | undefined> =>
      new Promise((resolve, reject) => {
        const call = request(page!, { ca: [pem('authority.pem')], ...options }, (response) => {
          response.resume();
          resolve(response.statusCode);
        });
        call.on('error', reject).end();
      });
    expect(await get({ cert: pem('worker.pem'), key: pem('worker.key') })).toBe(200);
    await expect(get({})).rejects.toThrow();
  });

  it('does not start with files with which nobody would get in', async () => {
    for (const name of ['server', 'stranger']) certify(name);
    writeFileSync(path('nothing.pem'), '');
    const start = async (cert: string, key: string, ca: string): Promise<string> => {
      const flags = ['--tls-cert', path(cert), '--tls-key', path(key), '--tls-client-ca', path(ca)];
      return (await startRefused(path('other'), flags)).stderr;
    };
    const [cert, key] = ['server.pem', 'server.key'];
    expect(await start(cert, key, 'nothing.pem')).toContain("nothing.pem', which holds no certificate in PEM");
    expect(await start(cert, key, 'server.key')).toContain("server.key', which holds no certificate in PEM");
    expect(await start(cert, 'stranger.key', cert)).toContain("stranger.key', which is not the key of tlsCert");
    expect(await start(cert, cert, cert)).toContain("server.pem', which holds no private key in PEM");
  });

  function pem(name: string): string {
    return readFileSync(path(name), 'utf8');
  }
});
