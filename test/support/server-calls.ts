/** Calls that the server tests make again and again. */

import { ClientError, Status } from 'nice-grpc-common';
import { expect } from 'vitest';
import type { Connection } from '../../clients/shared/connection.js';
import { JobServiceDefinition, type Job } from '../../src/proto/tengen/v1/job.js';

/** Settings of a job that is as small as can be and does not end by itself. */
export const smallJob = { size: 3, blocks: 1, channels: 4, minutes: 0, startPositions: 1_000_000, ratingGames: 0 };

/** Creates an alphazero job. */
export async function createJob(connection: Connection, settings: object = {}, model = 'm'): Promise<Job> {
  const configJson = JSON.stringify({ ...smallJob, ...settings });
  const { job } = await connection.client(JobServiceDefinition).createJob({ kind: 'alphazero', model, configJson });
  if (!job) throw new Error('The server sent no job');
  return job;
}

/** Asserts that a call fails with this status and a message that matches. */
export async function expectStatus(call: Promise<unknown>, code: Status, message: RegExp): Promise<void> {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expectError(error, code, message);
}

/** Asserts that a stream ended with this status and a message that matches. */
export function expectError(error: unknown, code: Status, message: RegExp): void {
  expect(error).toBeInstanceOf(ClientError);
  const { code: seen, details } = error as ClientError;
  expect(`${Status[seen]} ${details}`).toMatch(new RegExp(`^${Status[code]} `));
  expect(details).toMatch(message);
}
