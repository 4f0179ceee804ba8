/** A file that did not arrive whole, however its stream ended, is not there. */

import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { Status } from 'nice-grpc-common';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Connection } from '../../clients/shared/connection.js';
import { ImportDatasetRequest } from '../../src/proto/tengen/v1/dataset.js';
import { expectStatus } from '../support/server-calls.js';
import { makeDataDir, removeDataDir, startServerProcess, type ServerProcess } from '../support/start-server.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { digestOf, files, heldOpen, kinds, storedNames, upload, type Part } from '../support/uploads.js';

let dataDir: string;
let server: ServerProcess;

async function start(flags: readonly string[] = []): Promise<void> {
  server = await startServerProcess(dataDir, ['--no-page', ...flags]);
}

beforeEach(() => {
  dataDir = makeDataDir();
});
afterEach(async () => {
  await server.kill();
  removeDataDir(dataDir);
});

// eslint-disable-next-line @typescript-eslint/require-await -- a stream of what is there already
async function* given(parts: readonly Part[]): AsyncGenerator<Part> {
  yield* parts;
}

describe.each(kinds)('a %s', (kind) => {
  const file = files[kind];
  const half = Math.floor(file.length / 2);
  const [chunk, rest] = [file.subarray(0, half), file.subarray(half)];
  const whole = { sizeBytes: file.length, sha256: digestOf(file) };

  it('is taken if the first or the last message says what arrives', async () => {
    await start();
    const connection = server.connect();
    await upload(connection, kind, 'first', given([{ ...whole, chunk }, { chunk: rest }]));
    await upload(connection, kind, 'last', given([{ chunk }, { ...whole, chunk: rest }]));
    const [sizeBytes, sha256] = [file.length, digestOf(file).toUpperCase()];
    await upload(connection, kind, 'both', given([{ sizeBytes, chunk }, { chunk: rest }, { sha256 }]));
    expect(await storedNames(connection)).toEqual(kind === 'checkpoint' ? [] : ['both', 'first', 'last']);
  });

  it('is refused if what arrives is not what was said, or nothing was said', async () => {
    await start();
    const connection = server.connect();
    const refused = (parts: readonly Part[], message: RegExp): Promise<void> =>
      expectStatus(upload(connection, kind, 'bad', given(parts)), Status.INVALID_ARGUMENT, message);
    const [size, wrong] = [file.length, '0'.repeat(64)];
    await refused([{ ...whole, chunk }], new RegExp(`has ${half} bytes; size_bytes is ${size}`));
    await refused([{ ...whole, chunk: file, sizeBytes: half }], new RegExp(`size_bytes is ${half}`));
    await refused([{ ...whole, chunk: file, sha256: wrong }], /has sha256 [0-9a-f]{64}; 0{64} was promised/);
    await refused([{ chunk: file }], /does not say its size_bytes and its sha256/);
    await refused([{ chunk: file, sha256: digestOf(file) }], /does not say its size_bytes/);
    await refused(
      [
        { ...whole, chunk },
        { chunk: rest, sha256: wrong },
      ],
      /sha256 is 0{64}; it was/,
    );
    await refused([{ ...whole, sha256: 'abc' }], /sha256 is 'abc'/);
    await refused([whole], /The file is empty/);
    expect(await storedNames(connection)).toEqual([]);
  });

  it('is not stored if the client leaves, loses its connection, or the server stops', async () => {
    await start();
    const connection = server.connect();
    const leaving = heldOpen<Part>(connection, [{ ...whole, chunk: file }]);
    const left = new AbortController();
    const gone = upload(connection, kind, 'left', leaving.messages, left.signal);
    await leaving.sent();
    left.abort();
    await expect(gone).rejects.toThrow(/abort/i);

    const proxy = new TcpProxy(server.address);
    const through = new Connection({ address: await proxy.start() });
    const losing = heldOpen<Part>(through, [{ ...whole, chunk: file }]);
    const lost = expect(upload(through, kind, 'lost', losing.messages)).rejects.toThrow();
    await losing.sent();
    proxy.stop();
    await lost;
    through.close();

    const waiting = heldOpen<Part>(connection, [{ ...whole, chunk: file }]);
    const stopped = upload(connection, kind, 'stopped', waiting.messages);
    const told = expectStatus(stopped, Status.UNAVAILABLE, /The server is stopping/);
    await waiting.sent();
    server.child.kill('SIGTERM');
    await told;
    await server.stop();
    await start();
    expect(await storedNames(server.connect())).toEqual([]);
  });
});

it('a data set of a client whose time is over is not stored', async () => {
  await start();
  const client = new Client(server.address, credentials.createInsecure());
  const status = await new Promise<number | undefined>((resolve) => {
    const call = client.makeClientStreamRequest(
      '/tengen.v1.DatasetService/ImportDataset',
      (message: ImportDatasetRequest) => Buffer.from(ImportDatasetRequest.encode(message).finish()),
      (bytes: Buffer) => bytes,
      new Metadata(),
      { deadline: Date.now() + 500 },
      (error) => resolve(error?.code),
    );
    call.write(ImportDatasetRequest.fromPartial({ name: 'late', chunk: files.dataset }));
  });
  expect(status).toBe(Status.DEADLINE_EXCEEDED);
  client.close();
  await server.stop();
  await start();
  expect(await storedNames(server.connect())).toEqual([]);
});

it('uploads share one bound, and one that brings nothing is given up', async () => {
  const limits = ['--max-model-megabytes', '2', '--max-dataset-megabytes', '2', '--max-uploads-megabytes', '3'];
  await start([...limits, '--upload-stall-seconds', '600']);
  const connection = server.connect();
  const chunk = files.dataset;
  const holding = heldOpen<Part>(connection, [{ sizeBytes: 2 * 1024 * 1024, chunk }]);
  const held = upload(connection, 'model', 'm', holding.messages);
  const ended = expectStatus(held, Status.INVALID_ARGUMENT, /does not say/);
  await holding.sent();
  const whole = { chunk, sizeBytes: chunk.length, sha256: digestOf(chunk) };
  const large = given([{ ...whole, sizeBytes: 2 * 1024 * 1024 }]);
  await expectStatus(
    upload(connection, 'dataset', 'd', large),
    Status.RESOURCE_EXHAUSTED,
    /of the 3145728 bytes .* try again later/,
  );
  await upload(connection, 'dataset', 'small', given([whole]));
  const second = heldOpen<Part>(connection, [{ chunk }]);
  const other = expectStatus(
    upload(connection, 'dataset', 'd', second.messages),
    Status.INVALID_ARGUMENT,
    /does not say/,
  );
  await second.sent();
  await expectStatus(upload(connection, 'dataset', 'd', given([whole])), Status.RESOURCE_EXHAUSTED, /3145728 of the/);
  holding.end();
  second.end();
  await Promise.all([ended, other]);
  await upload(connection, 'dataset', 'd', given([whole]));
  await server.stop();

  await start(['--upload-stall-seconds', '0.3']);
  const again = server.connect();
  const stalled = heldOpen<Part>(again, [{ ...whole, chunk }]);
  const stall = upload(again, 'dataset', 'stalled', stalled.messages);
  await expectStatus(stall, Status.DEADLINE_EXCEEDED, /No data came for 0.3 s; nothing of the upload was stored/);
  expect(await storedNames(again)).toEqual(['d', 'small']);
});
