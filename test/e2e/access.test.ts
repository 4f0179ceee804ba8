import { readdirSync, readFileSync } from 'node:fs';
import { status } from '@grpc/grpc-js';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { callLevels, levelOf, levels } from '../../src/server/access/call-levels.js';
import { loadServerConfig } from '../../src/server/config.js';
import { openPaths } from '../../src/server/page/calls.js';
import { startServer } from '../../src/server/server.js';
import { BareCaller } from '../support/bare-call.js';
import {
  makeDataDir,
  removeDataDir,
  startRefused,
  startServerProcess,
  type ServerProcess,
} from '../support/start-server.js';

/** A token of each level, and its name. */
const named = levels.map((level) => ({ level, name: `${level}er`, token: `${level}-token-0123456789` }));
const tokens = named.map(({ level, name, token }) => `${name}:${level}=${token}`).join(',');
const paths = Object.entries(callLevels).flatMap(([service, calls]) =>
  Object.keys(calls).map((call) => `/${service}/${call}`),
);

describe('every call', () => {
  let dataDir: string;
  let server: ServerProcess;
  let caller: BareCaller;
  beforeAll(async () => {
    dataDir = makeDataDir();
    server = await startServerProcess(dataDir, ['--tokens', tokens]);
    caller = new BareCaller(server.address);
  });
  afterAll(async () => {
    caller.close();
    await server.kill();
    removeDataDir(dataDir);
  });

  it.each(paths)('%s takes the tokens of its level and above, and no others', async (path) => {
    const need = levelOf(path);
    for (const { level, name, token } of named) {
      const { code, details } = await caller.call(path, token);
      if (need === 'open' || levels.indexOf(level) >= levels.indexOf(need)) {
        expect(code, details).not.toBe(status.PERMISSION_DENIED);
        expect(code, details).not.toBe(status.UNAUTHENTICATED);
        expect(code, details).not.toBe(status.UNIMPLEMENTED);
      } else {
        expect(code).toBe(status.PERMISSION_DENIED);
        expect(details).toContain(`'${path}' needs a token of level ${need}`);
        expect(details).toContain(`the token '${name}' has level ${level}`);
      }
    }
    for (const token of [undefined, 'another-token-0123456789']) {
      const { code } = await caller.call(path, token);
      if (need === 'open') expect(code).not.toBe(status.UNAUTHENTICATED);
      else expect(code).toBe(status.UNAUTHENTICATED);
    }
  });

  it('that the page carries takes the same levels there', async () => {
    for (const path of openPaths) {
      for (const { level, token } of named) {
        const leave = new AbortController();
        const response = await fetch(new URL(path, server.page), {
          method: 'POST',
          headers: { authorization: `Bearer ${token}` },
          signal: leave.signal,
        });
        const isEnough = levels.indexOf(level) >= levels.indexOf(levelOf(path) as (typeof levels)[number]);
        if (isEnough) expect(response.status, path).not.toBe(403);
        else {
          expect(response.status, path).toBe(403);
          expect(await response.text()).toContain(`has level ${level}`);
        }
        leave.abort();
      }
    }
  });
});

it('of the contract has a level, and nothing else has one', () => {
  const folder = new URL('../../proto/', import.meta.url);
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const calls = files.filter((name) => name.endsWith('.proto') && !name.endsWith('reward.proto')).flatMap(callsOf);
  const declared = paths.filter((path) => !path.startsWith('/grpc.reflection.'));
  expect(declared.sort()).toEqual(calls.sort());

  function callsOf(name: string): string[] {
    const text = readFileSync(new URL(name, folder), 'utf8');
    const service = `${/^package (.*);/m.exec(text)?.[1] ?? ''}.${/^service (\w+)/m.exec(text)?.[1] ?? ''}`;
    return [...text.matchAll(/^ {2}rpc (\w+)/gm)].map(([, call = '']) => `/${service}/${call}`);
  }
});

describe('a server', () => {
  let dataDir: string;
  beforeEach(() => (dataDir = makeDataDir()));
  afterEach(() => removeDataDir(dataDir));

  it('with a call that declares no level does not start', async () => {
    const calls = callLevels['tengen.v1.JobService'] as Record<string, string>;
    const { CancelJob } = calls;
    delete calls['CancelJob'];
    try {
      const flags = { port: 0, page: false, dataDir, logLevel: 'silent', threads: 1 };
      await expect(startServer(loadServerConfig({ flags }))).rejects.toThrow(
        "the call '/tengen.v1.JobService/CancelJob' declares no level of access",
      );
    } finally {
      calls['CancelJob'] = CancelJob!;
    }
  });

  it.each([
    ['alice=old-form-0123456789', 'Entry 1'],
    ['alice:work=first-token-012345,bob:boss=second-token-01234', 'Entry 2'],
    ['alice second-form-0123456789', 'Entry 1'],
    ['alice:work=', 'Entry 1'],
  ])('refuses tokens without a level and says the form: %s', async (list, entry) => {
    const { code, stderr } = await startRefused(dataDir, ['--tokens', list]);
    expect(code).toBe(2);
    expect(stderr).toContain(`${entry} of setting 'tokens' is not NAME:LEVEL=TOKEN, such as alice:work=TOKEN`);
    expect(stderr).toContain('LEVEL is one of play, work, train, admin');
    expect(stderr).not.toMatch(/012345/);
  });

  it('lets everyone in as an admin if there is no token, and the one of --token', async () => {
    for (const flags of [[], ['--token', 'only-token-0123456789']]) {
      const server = await startServerProcess(dataDir, flags);
      const caller = new BareCaller(server.address);
      const { code } = await caller.call('/tengen.v1.ModelService/PromoteModel', 'only-token-0123456789');
      expect(code).toBe(status.INVALID_ARGUMENT);
      caller.close();
      await server.kill();
    }
  });
});
