/** Programs that jobs run: none, unless whoever starts the server says so. */

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { JobServiceDefinition, JobState } from '../../src/proto/tengen/v1/job.js';
import { makeDataDir, removeDataDir, startServerProcess, type ServerProcess } from '../support/start-server.js';

const sentence =
  'The verifier command runs a program; only a server that was started with --allow-commands lets jobs do that';
const configJson = JSON.stringify({ dataset: 'tasks', verifier: 'command', verifierCommand: 'true' });

let dataDir: string;
let server: ServerProcess;

beforeEach(() => {
  dataDir = makeDataDir();
});
afterEach(async () => {
  await server.kill();
  removeDataDir(dataDir);
});

describe('a job that runs a program', () => {
  it('is refused when it is created and when it is resumed', async () => {
    server = await startServerProcess(dataDir);
    const create = server.connect().client(JobServiceDefinition).createJob({ kind: 'rft', model: 'm', configJson });
    await expect(create).rejects.toMatchObject({ details: sentence });
    await server.stop();

    server = await startServerProcess(dataDir, ['--allow-commands']);
    expect(server.log()).toContain('commands-allowed');
    const { job } = await server
      .connect()
      .client(JobServiceDefinition)
      .createJob({ kind: 'rft', model: 'm', configJson });
    // Nothing but its model is missing.
    expect(job?.error).toContain('There is no model');
    await server.stop();

    server = await startServerProcess(dataDir);
    const jobs = server.connect().client(JobServiceDefinition);
    const resumed = await jobs.resumeJob({ jobId: job!.jobId });
    expect(resumed.job).toMatchObject({ state: JobState.FAILED, error: sentence });
  });
});
