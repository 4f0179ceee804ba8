/** Cases against every gRPC call: changed requests, requests made of nothing, damaged bytes, and damage to gRPC itself. */

import { fromBinary, toJson, type DescMethod } from '@bufbuild/protobuf';
import type { Rng } from '../../src/core/rng.js';
import { damagedBytes, extremeBytes, extremeText, pick } from './extremes.js';
import { encode, type Json } from './messages.js';
import { MessageMutator, readTree, writeTree } from './message-tree.js';
import { pathOf } from './schema.js';
import { shapeOf } from './shape.js';
import { validRequests } from './valid-requests.js';
import { unclearStatus, unclearText, type Finding } from './verdict.js';
import { framed, type WireCall } from './wire-call.js';
import { workCase } from './work-case.js';
import { type World } from './world.js';

/** Calls that go on until the caller leaves, and how long they are listened to. */
const endless = /^Watch/;
const LISTEN_MS = 150;
/** Fields of answers that say what was wrong. */
const complaints = ['reason', 'message', 'error', 'errorMessage', 'failure'];
/** Calls whose answers have them. */
const complaining = ['Evaluate', 'Work', 'ImportDataset', 'ServerReflectionInfo'];

/** What is put on the wire for one case. */
interface Sent {
  readonly method: DescMethod;
  readonly messages: readonly Uint8Array[];
}

/** Runs cases over one connection. */
export class GrpcTarget {
  readonly #world: World;
  readonly #valid: ReadonlyMap<string, readonly (readonly Uint8Array[])[]>;

  constructor(world: World) {
    this.#world = world;
    const valid = validRequests(world);
    this.#valid = new Map(
      world.schema.methods.flatMap((method) => {
        const sequences = valid.get(method.name);
        return sequences
          ? [[method.name, sequences.map((messages) => messages.map((message) => encode(method, message)))]]
          : [];
      }),
    );
  }

  /** One case. */
  async run(rng: Rng): Promise<Finding | undefined> {
    const kind = rng.int(100);
    if (kind < 4) return workCase(this.#world, rng);
    const method = this.#chooseMethod(rng);
    const mutator = new MessageMutator(rng, this.#world.words);
    const shape = shapeOf(method.input);
    if (kind < 50)
      return this.#ask(this.#changed(method, rng, (bytes) => writeTree(mutator.mutated(readTree(shape, bytes)))));
    if (kind < 66) {
      const count = method.methodKind.startsWith('server') || method.methodKind === 'unary' ? 1 : 1 + rng.int(3);
      return this.#ask({ method, messages: Array.from({ length: count }, () => writeTree(mutator.random(shape))) });
    }
    if (kind < 80) return this.#ask(this.#changed(method, rng, (bytes) => damagedBytes(rng, bytes)));
    if (kind < 85) return this.#ask({ method, messages: [extremeBytes(rng)] });
    if (kind < 90) return this.#damagedFrames(this.#valid1(method, rng), rng);
    if (kind < 95) return this.#oddHeaders(this.#valid1(method, rng), rng);
    return this.#leave(this.#valid1(method, rng), rng);
  }

  #chooseMethod(rng: Rng): DescMethod {
    const method = pick(rng, this.#world.schema.methods);
    // A job works for a while: one in four is enough.
    return method.name === 'CreateJob' && rng.int(4) > 0 ? this.#chooseMethod(rng) : method;
  }

  /** A request that the server carries out, or an empty one of calls that nothing is known of. */
  #valid1(method: DescMethod, rng: Rng): Sent {
    return { method, messages: pick(rng, this.#valid.get(method.name) ?? [[new Uint8Array()]]) };
  }

  /** One that has one of its messages changed, or messages left out, doubled or in another order. */
  #changed(method: DescMethod, rng: Rng, change: (bytes: Uint8Array) => Uint8Array): Sent {
    const { messages } = this.#valid1(method, rng);
    const at = rng.int(messages.length);
    const changed = messages.with(at, change(messages[at]!));
    if (messages.length === 1 || rng.int(3) > 0) return { method, messages: changed };
    switch (rng.int(3)) {
      case 0:
        return { method, messages: changed.toSpliced(rng.int(changed.length), 1) };
      case 1:
        return { method, messages: [...changed, changed[at]!] };
      default:
        return { method, messages: changed.toReversed() };
    }
  }

  async #ask({ method, messages }: Sent): Promise<Finding | undefined> {
    const call = await this.#world.connection.open(pathOf(method));
    for (const message of messages) call.send(framed(message));
    call.finish();
    const end = await this.#ended(method, call);
    if (end === undefined) return undefined;
    const sent = sentText(messages);
    if (end.timedOut) return { verdict: 'hang', what: method.name, said: `no end in ${this.#world.boundMs} ms` };
    const why = unclearStatus(end.status, end.message, sent) ?? complaintOf(method, call.taken(), sent);
    return why === undefined ? undefined : { verdict: 'unclear', what: method.name, said: `${why}: ${end.message}` };
  }

  /** The end of a call; undefined for one that goes on and was left. */
  async #ended(method: DescMethod, call: WireCall): Promise<Awaited<ReturnType<WireCall['ended']>> | undefined> {
    if (!endless.test(method.name)) return call.ended(this.#world.boundMs);
    const end = await call.ended(LISTEN_MS);
    return end.timedOut ? undefined : end;
  }

  /** Anything may be answered here, but something must be. */
  async #damagedFrames({ method, messages }: Sent, rng: Rng): Promise<Finding | undefined> {
    const call = await this.#world.connection.open(pathOf(method));
    const frames = Buffer.concat(messages.map((message) => framed(message, rng.int(3) === 0 ? rng.int(256) : 0)));
    const damaged = rng.int(4) === 0 ? frames : damagedBytes(rng, frames);
    call.send(damaged);
    call.finish();
    const end = await this.#ended(method, call);
    return end?.timedOut ? { verdict: 'hang', what: `${method.name}, damaged frames`, said: 'no end' } : undefined;
  }

  async #oddHeaders({ method, messages }: Sent, rng: Rng): Promise<Finding | undefined> {
    const path = pathOf(method);
    const paths = [
      path,
      path,
      path,
      `${path}x`,
      `/${extremeText(rng).replace(/[^\x21-\x7e]/g, '') || 'x'}`,
      path.slice(1),
      '/',
      `${path}/`,
    ];
    const [asked, headers] = [pick(rng, paths), oddHeaders(rng)];
    const call = await this.#world.connection.open(asked, headers);
    for (const message of messages) call.send(framed(message));
    call.finish();
    const end = await this.#ended(method, call);
    const what = `${method.name}, sent to ${asked} with ${JSON.stringify(headers)}`;
    return end?.timedOut ? { verdict: 'hang', what, said: 'no end' } : undefined;
  }

  /** Leaves in the middle of a message, or before the answer. */
  async #leave({ method, messages }: Sent, rng: Rng): Promise<undefined> {
    const call = await this.#world.connection.open(pathOf(method));
    const bytes = Buffer.concat(messages.map((message) => framed(message)));
    call.send(bytes.subarray(0, rng.int(bytes.length + 1)));
    if (rng.int(2) === 0) await call.next(rng.int(20));
    call.cancel();
    await call.ended(this.#world.boundMs);
    return undefined;
  }
}

function oddHeaders(rng: Rng): Record<string, string> {
  return pick<Record<string, string>>(rng, [
    {},
    { 'grpc-timeout': pick(rng, ['1n', '0m', '-1S', '99999999H', 'x', '', '1', '1.5S', '100m']) },
    { 'grpc-encoding': pick(rng, ['gzip', 'deflate', 'x', 'identity', '']) },
    { 'content-type': pick(rng, ['application/grpc+json', 'text/plain', 'application/grpc-web', '']) },
    { 'grpc-accept-encoding': 'x' },
    { authorization: pick(rng, ['', 'Bearer', 'Bearer x', 'Basic eA==', 'x'.repeat(2000)]) },
    { 'x-bin': 'no base64 !' },
    { 'data-bin': 'AAAA' },
    { 'x-long': 'x'.repeat(4000) },
  ]);
}

/** What may be quoted of the messages: their text, and 'nan' where they have a number that is none. */
function sentText(messages: readonly Uint8Array[]): string {
  const bytes = Buffer.concat(messages);
  const hasNan = bytes.includes('0000c07f', 0, 'hex') || bytes.includes('000000000000f87f', 0, 'hex');
  return `${bytes.toString()}${hasNan ? ' nan' : ''}`;
}

/** What is unclear among the complaints inside of answers. */
function complaintOf(method: DescMethod, answers: readonly Uint8Array[], sent: string): string | undefined {
  if (!complaining.includes(method.name)) return undefined;
  for (const answer of answers) {
    const json = toJson(method.output, fromBinary(method.output, answer));
    for (const text of textsOf(json)) {
      const why = unclearText(text, sent);
      if (why !== undefined) return `${why} in '${text}'`;
    }
  }
  return undefined;
}

function textsOf(json: unknown): string[] {
  if (typeof json !== 'object' || json === null) return [];
  return Object.entries(json as Json).flatMap(([key, value]) =>
    typeof value === 'string' ? (complaints.includes(key) ? [value] : []) : textsOf(value),
  );
}
