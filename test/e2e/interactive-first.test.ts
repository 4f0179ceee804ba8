import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RemoteEvaluator } from '../../clients/shared/remote-evaluator.js';
import { ModelServiceDefinition } from '../../src/proto/tengen/v1/model.js';
import { randomPositions, tinyModel } from '../support/served-models.js';
import { makeDataDir, removeDataDir, startServerProcess, type ServerProcess } from '../support/start-server.js';

/** Requests of a self-play worker that wait on the server at once; together fewer than a stream may have in flight. */
const bulkRequests = 60;
const positionsEach = 64;

let dataDir: string;
let server: ServerProcess;

beforeAll(async () => {
  dataDir = makeDataDir();
  const flags = ['--log-level', 'warn', '--max-batch', '8', '--cache-megabytes', '0', '--import-dir', dataDir];
  server = await startServerProcess(dataDir, flags);
  const file = join(dataDir, 'tiny.safetensors');
  writeFileSync(file, tinyModel(5, 1));
  await server.connect().client(ModelServiceDefinition).importModel({ name: 'tiny', path: file });
});
afterAll(async () => {
  await server.stop();
  removeDataDir(dataDir);
});

describe('a server under the load of self-play', () => {
  it('answers whoever waits at a board before the positions that came first', async () => {
    const bulk = new RemoteEvaluator(server.connect(), { priority: 'bulk' });
    const interactive = new RemoteEvaluator(server.connect(), { priority: 'interactive' });
    const positions = randomPositions(5, positionsEach);
    // The model is loaded and both streams are open before anything is counted.
    await bulk.evaluateSnapshots(positions);
    await interactive.evaluateSnapshots(positions.slice(0, 1));
    let answered = 0;
    const requests = Array.from({ length: bulkRequests }, async () => {
      await bulk.evaluateSnapshots(positions);
      answered++;
    });
    // The server has read them by the time that it answers the first.
    await Promise.race(requests);
    const overtaken: number[] = [];
    for (let move = 0; move < 3; move++) {
      const before = answered;
      await interactive.evaluateSnapshots(positions.slice(move, move + 1));
      overtaken.push(answered - before);
    }
    // One request of the worker is eight batches; what was being computed is all that comes first.
    expect(Math.max(...overtaken)).toBeLessThan(bulkRequests / 6);
    expect(answered).toBeLessThan(bulkRequests);
    await Promise.all(requests);
    expect(answered).toBe(bulkRequests);
    bulk.close();
    interactive.close();
  });
});
