import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { Status } from 'nice-grpc-common';
import { HealthDefinition } from 'nice-grpc-server-health';
import { describe, expect, it } from 'vitest';
import type { Connection } from '../../clients/shared/connection.js';
import { JobServiceDefinition } from '../../src/proto/tengen/v1/job.js';
import { freshServer } from '../support/fresh-server.js';
import { skipWithout } from '../support/needs.js';
import { expectError, expectStatus } from '../support/server-calls.js';
import { startRefused } from '../support/start-server.js';
import { WorkClient } from '../support/work-client.js';

const fresh = freshServer();

describe('who may call', () => {
  it('wants the token, says so, and answers health checks without it', async () => {
    const { connect } = await fresh.start(['--token', 'open sesame']);
    const list = (connection: Connection) => connection.client(JobServiceDefinition).listJobs({});
    await expectStatus(list(connect()), Status.UNAUTHENTICATED, /token is needed/);
    await expectStatus(list(connect({ token: 'wrong' })), Status.UNAUTHENTICATED, /not the one/);
    expect((await list(connect({ token: 'open sesame' }))).jobs).toEqual([]);
    const stream = new WorkClient(connect({ token: 'wrong' }));
    stream.hello(1);
    expectError(await stream.ended(), Status.UNAUTHENTICATED, /not the one/);
    expect(await connect().client(HealthDefinition).check({ service: 'tengen.v1.JobService' })).toMatchObject({
      status: 1,
    });
  });

  it('binds beyond loopback only with a token and TLS, or when told to', async () => {
    const bare = await startRefused(fresh.dataDir, ['--host', '0.0.0.0']);
    expect(bare).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/'0\.0\.0\.0'.*a token and tlsCert and tlsKey/) as string,
    });
    const half = await startRefused(fresh.dataDir, ['--host', '0.0.0.0', '--token', 'sixteen-letters!']);
    expect(half.stderr).toMatch(/needs tlsCert and tlsKey/);
    const { address } = await fresh.start(['--host', '0.0.0.0', '--insecure']);
    expect(address).toMatch(/^0\.0\.0\.0:\d+$/);
  });

  it('serves TLS with a token', async ({ skip }) => {
    const cert = join(fresh.dataDir, 'cert.pem');
    const key = join(fresh.dataDir, 'key.pem');
    try {
      execFileSync(
        'openssl',
        [
          'req',
          '-x509',
          '-newkey',
          'rsa:2048',
          '-nodes',
          '-keyout',
          key,
          '-out',
          cert,
          '-days',
          '2',
          '-subj',
          '/CN=localhost',
          '-addext',
          'subjectAltName=DNS:localhost,IP:127.0.0.1',
        ],
        { stdio: 'ignore' },
      );
    } catch {
      return skipWithout('openssl', skip);
    }
    const { connect } = await fresh.start(['--tls-cert', cert, '--tls-key', key, '--token', 't']);
    const jobs = connect({ token: 't', ca: cert }).client(JobServiceDefinition);
    expect((await jobs.listJobs({})).jobs).toEqual([]);
  });
});
