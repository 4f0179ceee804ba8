import { BinaryWriter } from '@bufbuild/protobuf/wire';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { exchange } from '../../../../clients/web/exchange.js';
import { MessageQueue } from '../../../../src/core/message-queue.js';
import { GameServiceDefinition } from '../../../../src/proto/tengen/v1/game.js';
import { JobServiceDefinition } from '../../../../src/proto/tengen/v1/job.js';
import { ModelServiceDefinition } from '../../../../src/proto/tengen/v1/model.js';
import { MonitorServiceDefinition } from '../../../../src/proto/tengen/v1/monitor.js';
import { SearchRequest, SearchResponse, SearchServiceDefinition } from '../../../../src/proto/tengen/v1/search.js';
import { Callers } from '../../../../src/server/access/callers.js';
import { servePage, type PageServer } from '../../../../src/server/page/page-server.js';
import type { Service } from '../../../../src/server/transport/service.js';
import { Stopping } from '../../../../src/server/transport/stopping.js';
import { EvaluatorServiceDefinition } from '../../../../src/wire/evaluator-definition.js';

const authorization = 'Bearer secret';
let page: PageServer;
let path: string;

/** Answers each request with its id. */
const echo = {
  async *search(requests: AsyncIterable<SearchRequest>) {
    for await (const { requestId } of requests) yield { requestId, answer: undefined };
  },
};

function services(): Service[] {
  const silent = new Proxy({}, { get: () => () => undefined });
  const others = [
    EvaluatorServiceDefinition,
    GameServiceDefinition,
    JobServiceDefinition,
    ModelServiceDefinition,
    MonitorServiceDefinition,
  ];
  const all: [object, object][] = [
    ...others.map((each): [object, object] => [each, silent]),
    [SearchServiceDefinition, echo],
  ];
  return all.map(([definition, implementation]) => ({ definition, implementation }) as never);
}

beforeEach(async () => {
  page = await servePage({
    host: '127.0.0.1',
    port: 0,
    callers: new Callers('secret'),
    stopping: new Stopping(),
    maxMessageBytes: 1000,
    folder: 'nowhere',
    services: services(),
    logger: pino({ level: 'silent' }),
  });
  path = `${page.url}tengen.v1.SearchService/Search`;
});
afterEach(() => page.close());

const request = (requestId: bigint): SearchRequest => ({ requestId, request: undefined, stop: false });

function post(
  body: Uint8Array,
  headers: Record<string, string>,
  { to = path, ...more }: { readonly to?: string; readonly signal?: AbortSignal } = {},
): Promise<Response> {
  return fetch(to, { method: 'POST', body: Buffer.from(body), headers: { authorization, ...headers }, ...more });
}

async function* idsOf(response: Response): AsyncGenerator<bigint> {
  const decoder = new TextDecoder();
  for await (const bytes of response.body!) {
    for (const [, data] of decoder.decode(bytes).matchAll(/data: (\S+)/g)) {
      yield SearchResponse.decode(Buffer.from(data!, 'base64')).requestId;
    }
  }
}

it('requests come over as many posts as they take, and the answers end when they do', async () => {
  let posts = 0;
  const requests = new MessageQueue<SearchRequest>();
  const answers = exchange(requests, {
    post: (body, headers, signal) => {
      posts++;
      return post(body, headers, { signal });
    },
    encode: (message) => SearchRequest.encode(message).finish(),
    read: idsOf,
    signal: new AbortController().signal,
  });
  for (const id of [1n, 2n]) requests.push(request(id));
  for (const id of [1n, 2n]) expect((await answers.next()).value).toBe(id);
  expect(posts).toBe(1);
  requests.push(request(3n));
  expect((await answers.next()).value).toBe(3n);
  requests.end();
  expect(await answers.next()).toEqual({ done: true, value: undefined });
  expect(posts).toBe(3);
});

it('a stream takes requests from nobody else, and none after its end', async () => {
  const leave = new AbortController();
  const body = new BinaryWriter().bytes(SearchRequest.encode(request(1n)).finish()).finish();
  const open = await post(body, { 'tengen-stream': 'open' }, { signal: leave.signal });
  const name = open.headers.get('tengen-stream')!;
  const more = async (headers: Record<string, string>, bytes = body): Promise<number> =>
    (await post(bytes, headers)).status;
  expect(await more({ 'tengen-stream': name, authorization: 'Bearer wrong' })).toBe(401);
  expect(await more({ 'tengen-stream': `${name}0` })).toBe(404);
  expect(await more({ 'tengen-stream': name }, Uint8Array.of(200, 1))).toBe(400);
  expect(await more({ 'tengen-stream': name })).toBe(204);
  leave.abort();
  await expect.poll(() => more({ 'tengen-stream': name })).toBe(404);
});

it('a call that takes one request takes no stream of them', async () => {
  const to = `${page.url}tengen.v1.ModelService/ListModels`;
  const refused = await post(new Uint8Array(), { 'tengen-stream': 'open' }, { to });
  expect(await refused.text()).toMatch(/"invalid-argument",.*ListModels takes one request, and no stream of them/);
});
