import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AppError } from '../../../../src/core/errors.js';
import { EvaluateRequest, EvaluateResponse } from '../../../../src/proto/tengen/v1/evaluator.js';
import { GameServiceDefinition } from '../../../../src/proto/tengen/v1/game.js';
import { JobServiceDefinition, WatchJobRequest, WatchJobResponse } from '../../../../src/proto/tengen/v1/job.js';
import {
  ListModelsRequest,
  ListModelsResponse,
  ModelServiceDefinition,
} from '../../../../src/proto/tengen/v1/model.js';
import { MonitorServiceDefinition } from '../../../../src/proto/tengen/v1/monitor.js';
import { SearchServiceDefinition } from '../../../../src/proto/tengen/v1/search.js';
import { Callers } from '../../../../src/server/access/callers.js';
import { Stopping } from '../../../../src/server/transport/stopping.js';
import type { Service } from '../../../../src/server/transport/service.js';
import { EvaluatorServiceDefinition } from '../../../../src/wire/evaluator-definition.js';
import { servePage, type PageOptions, type PageServer } from '../../../../src/server/page/page-server.js';

let folder: string;
let page: PageServer | undefined;
let logged: string[];
let stopping: Stopping;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tengen-page-'));
  writeFileSync(join(folder, 'index.html'), '<!doctype html><title>Tengen</title>');
  writeFileSync(join(folder, 'secret.key'), 'no type, so no file of the page');
  logged = [];
  stopping = new Stopping();
});
afterEach(async () => {
  stopping.drain();
  await page?.close();
  page = undefined;
  rmSync(folder, { recursive: true });
});

interface Watched {
  sent: number;
  ended: boolean;
}

/** Services of which each answers in its own way. */
function services(watched: Watched = { sent: 0, ended: false }): Service[] {
  const of = (definition: object, implementation: object): Service => ({ definition, implementation }) as never;
  return [
    of(EvaluatorServiceDefinition, {
      async *evaluate(requests: AsyncIterable<EvaluateRequest>) {
        for await (const { requestId } of requests)
          yield EvaluateResponse.fromPartial({ requestId, modelVersion: 'go@1' });
      },
    }),
    of(GameServiceDefinition, { listGames: () => undefined, getGame: () => undefined }),
    of(JobServiceDefinition, {
      listJobs: () => undefined,
      createJob: () => Promise.reject(new Error('must not be reached')),
      async *watchJob({ jobId }: { jobId: string }, { signal }: { signal: AbortSignal }) {
        if (jobId === '') throw new AppError('not-found', "There is no job ''");
        try {
          while (!signal.aborted) {
            await new Promise((resolve) => setImmediate(resolve));
            yield { state: 1, progress: { jobId, sequence: ++watched.sent, message: 'x'.repeat(50_000) } };
            if (watched.sent === 2 && jobId === 'broken') throw new Error('a bug with a secret in it');
            if (jobId !== 'endless' && watched.sent >= 3)
              await new Promise((resolve) => signal.addEventListener('abort', resolve));
          }
        } finally {
          watched.ended = true;
        }
      },
    }),
    of(ModelServiceDefinition, {
      listModels: ({ name }: { name: string }) =>
        name === 'bug'
          ? Promise.reject(new Error('a bug with a secret in it'))
          : Promise.resolve({ models: [{ name: `${name}!`, size: 9 }] }),
    }),
    of(MonitorServiceDefinition, { watchServer: () => undefined }),
    of(SearchServiceDefinition, { search: () => undefined }),
  ];
}

async function serve(options: Partial<PageOptions> = {}): Promise<string> {
  const logger = pino({ level: 'error' }, { write: (text: string) => logged.push(text) });
  const fixed = {
    host: '127.0.0.1',
    port: 0,
    callers: new Callers(''),
    stopping,
    maxMessageBytes: 1000,
    folder,
    services: services(),
    logger,
  };
  page = await servePage({ ...fixed, ...options });
  return page.url.replace(/\/$/, '');
}

const listModels = '/tengen.v1.ModelService/ListModels';
const watchJob = '/tengen.v1.JobService/WatchJob';

function post(url: string, body: Uint8Array, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(url, { method: 'POST', body: Buffer.from(body), headers });
}

/** fetch sets Host and Sec-Fetch-Site itself. */
function postAs(url: string, headers: Record<string, string>): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { method: 'POST', headers }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    request.on('error', reject).end();
  });
}

const named = (name: string): Uint8Array => ListModelsRequest.encode({ name }).finish();

describe('the files of the page', () => {
  it('come with headers that let in nothing from elsewhere', async () => {
    const url = await serve();
    const response = await fetch(`${url}/`);
    expect(await response.text()).toContain('Tengen');
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(response.headers.get('content-security-policy')).toMatch(/^default-src 'none'; script-src 'self'; /);
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    const again = await fetch(`${url}/`, { headers: { 'if-none-match': response.headers.get('etag')! } });
    expect(again.status).toBe(304);
  });

  it.each(['/secret.key', '/../package.json', '/%2e%2e/package.json', '/nothing.js'])(
    'are all there is: %s',
    async (path) => {
      const url = await serve();
      expect((await fetch(`${url}${path}`)).status).toBe(404);
    },
  );

  it('may be missing, which is said', async () => {
    const url = await serve({ folder: join(folder, 'nowhere') });
    const response = await fetch(`${url}/`);
    expect(response.status).toBe(404);
    expect(await response.json()).toEqual({ kind: 'not-found', message: 'The page is not built; run npm run build' });
  });
});

describe('the calls of the page', () => {
  it('are carried out by the services', async () => {
    const url = await serve();
    const response = await post(`${url}${listModels}`, named('go'));
    expect(response.status).toBe(200);
    const { models } = ListModelsResponse.decode(new Uint8Array(await response.arrayBuffer()));
    expect(models).toMatchObject([{ name: 'go!', size: 9 }]);
  });

  it('are those that look and change nothing', async () => {
    const url = await serve();
    const response = await post(`${url}/tengen.v1.JobService/CreateJob`, new Uint8Array());
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ kind: 'not-found' });
  });

  it('stream as server-sent events, to the end or an error', async () => {
    const url = await serve();
    const response = await post(
      `${url}${watchJob}`,
      WatchJobRequest.encode({ jobId: 'broken', afterSequence: 0n }).finish(),
    );
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    const events = (await response.text()).trimEnd().split('\n\n');
    expect(events).toHaveLength(3);
    const sequences = events
      .slice(0, 2)
      .map((event) => WatchJobResponse.decode(Buffer.from(event.slice('data: '.length), 'base64')).progress!.sequence);
    expect(sequences).toEqual([1, 2]);
    expect(events[2]).toMatch(/^event: error\ndata: \{"kind":"internal","message":"The server failed; its log /);
    expect(logged.join()).toContain('a bug with a secret in it');
  });

  it('evaluate, with one request in the body and answers that are given whole', async () => {
    const url = await serve();
    const body = EvaluateRequest.encode(EvaluateRequest.fromPartial({ requestId: 7 })).finish();
    const response = await post(`${url}/tengen.v1.EvaluatorService/Evaluate`, body);
    const [event, ...others] = (await response.text()).trimEnd().split('\n\n');
    expect(others).toEqual([]);
    const answer = EvaluateResponse.decode(Buffer.from(event!.slice('data: '.length), 'base64'));
    expect(answer).toMatchObject({ requestId: 7n, modelVersion: 'go@1' });
  });

  it('fail with the status of what went wrong, and tell no secrets', async () => {
    const url = await serve();
    const refused = await post(`${url}${watchJob}`, new Uint8Array());
    expect([refused.status, await refused.json()]).toEqual([404, { kind: 'not-found', message: "There is no job ''" }]);
    const failed = await post(`${url}${listModels}`, named('bug'));
    expect(failed.status).toBe(500);
    expect(await failed.text()).not.toContain('secret');
    const unreadable = await post(`${url}${listModels}`, Uint8Array.of(255, 255, 255));
    expect([unreadable.status, await unreadable.json()]).toEqual([
      400,
      {
        kind: 'invalid-argument',
        message: expect.stringMatching(
          /^Message 1 of the call \/tengen.v1.ModelService\/ListModels has 3 bytes that are no request of it: /,
        ) as string,
      },
    ]);
    expect((await fetch(url, { method: 'DELETE' })).status).toBe(400);
  });

  it('may not be larger than the setting says', async () => {
    const url = await serve();
    const response = await post(`${url}${listModels}`, named('x'.repeat(2000)));
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      message: 'The request has more than the 1000 bytes that this server takes',
    });
  });

  it('want the token if there is one; files do not', async () => {
    const url = await serve({ callers: new Callers('secret') });
    expect((await fetch(url)).status).toBe(200);
    expect((await post(`${url}${listModels}`, named(''))).status).toBe(401);
    expect((await post(`${url}${listModels}`, named(''), { authorization: 'Bearer wrong' })).status).toBe(401);
    expect((await post(`${url}${listModels}`, named(''), { authorization: 'Bearer secret' })).status).toBe(200);
  });
});

describe('who may call', () => {
  it('is whoever names this machine by a number or as localhost', async () => {
    const url = await serve();
    for (const host of ['127.0.0.1:5051', 'localhost', 'localhost:8080', '[::1]:5051', '192.168.1.7:5051']) {
      expect(await postAs(`${url}${listModels}`, { host })).toBe(200);
    }
    for (const host of ['evil.example', 'evil.example:5051', 'localhost.evil.example', '127.0.0.1.evil.example']) {
      expect(await postAs(`${url}${listModels}`, { host })).toBe(403);
    }
  });

  it('is anyone who has the token, by any name', async () => {
    const url = await serve({ callers: new Callers('secret') });
    const authorization = 'Bearer secret';
    expect(await postAs(`${url}${listModels}`, { host: 'tengen.example', authorization })).toBe(200);
    expect(await postAs(`${url}${listModels}`, { host: 'tengen.example' })).toBe(401);
  });

  it('is no page of another site', async () => {
    const url = await serve();
    const host = new URL(url).host;
    expect(await postAs(`${url}${listModels}`, { host, origin: url, 'sec-fetch-site': 'same-origin' })).toBe(200);
    expect(await postAs(`${url}${listModels}`, { host, origin: 'https://evil.example' })).toBe(403);
    expect(await postAs(`${url}${listModels}`, { host, origin: 'null' })).toBe(403);
    expect(await postAs(`${url}${listModels}`, { host, origin: 'http://127.0.0.1:1' })).toBe(403);
    expect(await postAs(`${url}${listModels}`, { host, 'sec-fetch-site': 'cross-site' })).toBe(403);
    expect(await postAs(`${url}${listModels}`, { host, 'sec-fetch-site': 'same-site' })).toBe(403);
  });
});

describe('a stream', () => {
  it('ends its call when the browser leaves', async () => {
    const watched = { sent: 0, ended: false };
    const url = await serve({ services: services(watched) });
    const leave = new AbortController();
    const body = Buffer.from(WatchJobRequest.encode({ jobId: 'j', afterSequence: 0n }).finish());
    const response = await fetch(`${url}${watchJob}`, { method: 'POST', body, signal: leave.signal });
    await response.body!.getReader().read();
    expect(watched.ended).toBe(false);
    leave.abort();
    await expect.poll(() => watched.ended).toBe(true);
  });

  it('is not read ahead of a browser that takes nothing', async () => {
    const watched = { sent: 0, ended: false };
    const url = await serve({ services: services(watched) });
    const request = httpRequest(`${url}${watchJob}`, { method: 'POST' }, (response) => response.pause());
    request.on('error', () => undefined).end(WatchJobRequest.encode({ jobId: 'endless', afterSequence: 0n }).finish());
    let before = -1;
    // It stands still once the buffers on the way are full.
    await expect
      .poll(() => watched.sent > 0 && before === (before = watched.sent), { interval: 300, timeout: 20_000 })
      .toBe(true);
    expect(watched.sent).toBeLessThan(1000);
    request.destroy();
    await expect.poll(() => watched.ended).toBe(true);
  });

  it('ends in order when the server stops, and nothing new is taken', async () => {
    const watched = { sent: 0, ended: false };
    const url = await serve({ services: services(watched) });
    const response = await post(
      `${url}${watchJob}`,
      WatchJobRequest.encode({ jobId: 'j', afterSequence: 0n }).finish(),
    );
    const text = response.text();
    await expect.poll(() => watched.sent).toBe(3);
    stopping.drain();
    await page!.close();
    const events = (await text).trimEnd().split('\n\n');
    expect(events).toHaveLength(4);
    expect(events[3]).toBe('event: error\ndata: {"kind":"unavailable","message":"The server is stopping"}');
    await expect(fetch(url)).rejects.toThrow();
  });
});

it('a port that is taken is refused with a way out', async () => {
  const url = await serve();
  const first = page!;
  await expect(serve({ port: Number(new URL(url).port) })).rejects.toThrow(
    /Cannot serve the page on .*'pagePort', or turn 'page' off/,
  );
  await first.close();
});
