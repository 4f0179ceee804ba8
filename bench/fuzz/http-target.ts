/** Cases against a port that speaks HTTP: bytes of any kind on connections of their own, and calls of the page's bridge. */

import { connect } from 'node:net';
import type { Rng } from '../../src/core/rng.js';
import { damagedBytes, extremeBytes, extremeText, pick } from './extremes.js';
import { encode } from './messages.js';
import { MessageMutator, readTree, writeTree } from './message-tree.js';
import { pathOf } from './schema.js';
import { shapeOf } from './shape.js';
import { validRequests } from './valid-requests.js';
import { unclearText, type Finding } from './verdict.js';
import { type World } from './world.js';

/** A request that has no end is left after this. */
const LEAVE_MS = 100;
const methods = [
  'GET',
  'POST',
  'HEAD',
  'PUT',
  'DELETE',
  'OPTIONS',
  'TRACE',
  'CONNECT',
  'PATCH',
  'PRI',
  'get',
  'X',
  '',
  'G\u0000T',
];
const bridged = ['Evaluate', 'GetGame', 'ListGames', 'ListJobs', 'WatchJob', 'ListModels', 'WatchServer'];

/** Runs cases against one port. */
export class HttpTarget {
  readonly #world: World;
  readonly #host: string;
  readonly #isPage: boolean;

  constructor(world: World, port: 'page' | 'metrics') {
    this.#world = world;
    this.#host = world.server[port];
    this.#isPage = port === 'page';
  }

  /** One case. */
  run(rng: Rng): Promise<Finding | undefined> {
    if (this.#isPage && rng.int(2) === 0) return this.#bridge(rng);
    const whole = this.#request(rng);
    switch (rng.int(6)) {
      case 0:
        return this.#exchange([damagedBytes(rng, whole)], false);
      case 1:
        return this.#exchange([extremeBytes(rng)], false);
      case 2: {
        // A slow sender: the rest comes later, or never.
        const at = rng.int(whole.length);
        return this.#exchange([whole.subarray(0, at), ...(rng.int(2) === 0 ? [whole.subarray(at)] : [])], false);
      }
      default:
        return this.#exchange([whole], false);
    }
  }

  /** A call of the bridge with a changed message. */
  #bridge(rng: Rng): Promise<Finding | undefined> {
    const method = this.#world.method(pick(rng, bridged));
    const valid = encode(method, validRequests(this.#world).get(method.name)?.[0]?.[0] ?? {});
    const mutator = new MessageMutator(rng, this.#world.words);
    const shape = shapeOf(method.input);
    const bodies = [
      () => writeTree(mutator.mutated(readTree(shape, valid))),
      () => writeTree(mutator.random(shape)),
      () => damagedBytes(rng, valid),
      () => extremeBytes(rng),
    ];
    const body = pick(rng, bodies)();
    const head = `POST ${pathOf(method)} HTTP/1.1\r\nHost: ${this.#host}\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n`;
    const isEndless = method.name.startsWith('Watch');
    return this.#exchange([Buffer.concat([Buffer.from(head), body])], !isEndless);
  }

  #request(rng: Rng): Buffer {
    const odd = (): string =>
      extremeText(rng, ['/metrics', '/index.html', '/main.js', '/tengen.v1.JobService/ListJobs']);
    const path = pick(rng, [
      '/',
      '/metrics',
      '/../../etc/passwd',
      '/..%2f..%2fetc/passwd',
      '//',
      '/%',
      '/%00',
      '*',
      `http://${this.#host}/`,
      `/${odd()}`,
      odd(),
      `/${'a'.repeat(20_000)}`,
      '/tengen.v1.JobService/CreateJob',
      '/?'.repeat(100),
    ]);
    const lines = [
      `${pick(rng, methods)} ${path} ${pick(rng, ['HTTP/1.1', 'HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0', 'HTTP/2.0', 'HTTP/9', ''])}`,
      ...(rng.int(8) > 0 ? [`Host: ${rng.int(4) > 0 ? this.#host : odd()}`] : []),
    ];
    const headers = [
      'Connection: close',
      'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13',
      'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__',
      'Transfer-Encoding: chunked',
      'Transfer-Encoding: chunked, gzip',
      'Content-Length: 5',
      'Content-Length: 99999999999999999999',
      'Content-Length: -1',
      'Content-Length: 5\r\nTransfer-Encoding: chunked',
      `X-Long: ${'x'.repeat(pick(rng, [100, 8000, 20_000]))}`,
      `X-Odd: ${odd()}`,
      `Authorization: ${odd()}`,
      `Origin: ${odd()}`,
      'Sec-Fetch-Site: cross-site',
      `If-None-Match: ${odd()}`,
      'Expect: 100-continue',
      'Range: bytes=0-',
      ' folded',
      'NoColon',
      ...[`Cookie: ${'a=b;'.repeat(2000)}`],
    ];
    for (let i = rng.int(4); i > 0; i--) lines.push(pick(rng, headers));
    const bodies = [
      '',
      'hello',
      '5\r\nhello\r\n0\r\n\r\n',
      'ffffffff\r\nx',
      '-1\r\n\r\n',
      'zz\r\n',
      '0\r\nX: y\r\n\r\n',
      'x'.repeat(20_000),
    ];
    return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${pick(rng, bodies)}`);
  }

  /** Sends bytes and looks at what comes; `must` says that an answer has to come, and the connection to end. */
  async #exchange(pieces: readonly Uint8Array[], must: boolean): Promise<Finding | undefined> {
    const [host, port] = this.#host.split(':');
    const socket = connect(Number(port), host);
    let answer = '';
    socket.setEncoding('utf8').on('data', (text: string) => (answer = (answer + text).slice(0, 100_000)));
    const closed = new Promise<boolean>((resolve) => {
      socket.on('error', () => undefined).once('close', () => resolve(true));
    });
    for (const piece of pieces) socket.write(piece);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<boolean>((resolve) => {
      timer = setTimeout(() => resolve(false), must ? this.#world.boundMs : LEAVE_MS);
    });
    const inTime = await Promise.race([closed, late]);
    clearTimeout(timer);
    socket.destroy();
    if (must && !inTime) return { verdict: 'hang', what: 'a call of the page', said: 'no end' };
    return unclearHttp(answer, Buffer.concat(pieces).toString());
  }
}

/** Errors of ours are JSON; those of Node's own parser have no body. */
function unclearHttp(answer: string, sent: string): Finding | undefined {
  const status = Number(/^HTTP\/1\.[01] (\d+)/.exec(answer)?.[1] ?? 0);
  const message = /"message":"((?:[^"\\]|\\.)*)"/.exec(answer)?.[1];
  const why = status === 500 ? 'status 500' : message === undefined ? undefined : unclearText(message, sent);
  return why === undefined ? undefined : { verdict: 'unclear', what: 'HTTP', said: `${why}: ${answer.slice(0, 500)}` };
}
