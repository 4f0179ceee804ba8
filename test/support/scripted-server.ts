/** A loopback gRPC server that answers as a test says, for clients that are tested without the real server. */

import { createServer, ServerError, Status, type CallContext, type Server } from 'nice-grpc';
import { Condition } from '../../src/core/condition.js';
import { defaultRules } from '../../src/go/rules.js';
import {
  EvaluatorServiceDefinition,
  type EvaluateRequest,
  type EvaluateResponse,
} from '../../src/proto/tengen/v1/evaluator.js';
import { Precision } from '../../src/proto/tengen/v1/precision.js';
import {
  SelfPlayServiceDefinition,
  type Lease,
  type SelfPlaySettings,
  type WorkRequest,
  type WorkResponse,
} from '../../src/proto/tengen/v1/self_play.js';
import { MessageQueue } from '../../src/core/message-queue.js';
import { encodeHalves } from '../../src/core/half.js';
import { rulesToWire } from '../../src/wire/rules.js';

type Said = NonNullable<WorkRequest['body']>;
type Heard<C extends Said['$case']> = (Said & { $case: C })['value'];

/** One worker's stream as the test sees it: what the worker said, and a way to answer. */
export class ScriptedStream {
  readonly said: Said[] = [];
  readonly #answers = new MessageQueue<WorkResponse>();
  #failure: ServerError | undefined;
  readonly #changed = new Condition();
  ended = false;

  /** Sends one message. */
  send(body: NonNullable<WorkResponse['body']>): void {
    this.#answers.push({ body });
  }

  /** Ends the stream, with an error if given. */
  end(failure?: ServerError): void {
    this.#failure = failure;
    this.#answers.end();
  }

  /** Waits until the worker has said something that `matches`, and returns it. */
  async heard<C extends Said['$case']>(kind: C, count = 1): Promise<Heard<C>[]> {
    for (;;) {
      const found = this.said.filter((body) => body.$case === kind);
      if (found.length >= count) return found.map((body) => body.value as Heard<C>);
      if (this.ended) throw new Error(`the stream ended before ${kind} was said ${count} times`);
      await this.#changed.wait();
    }
  }

  async *serve(requests: AsyncIterable<WorkRequest>): AsyncGenerator<WorkResponse> {
    const listen = async (): Promise<void> => {
      try {
        for await (const { body } of requests) {
          if (body) this.said.push(body);
          this.#changed.notifyAll();
        }
      } finally {
        this.ended = true;
        this.#changed.notifyAll();
        this.#answers.end();
      }
    };
    void listen().catch(() => undefined);
    yield* this.#answers;
    if (this.#failure) throw this.#failure;
  }
}

/** Plays server for the self-play worker; evaluates every position as even, with a preference for low points. */
export class ScriptedServer {
  readonly models: string[] = [];
  readonly messageSizes: number[] = [];
  /** Calls of Evaluate so far. */
  evaluations = 0;
  /** Requests to fail with UNAVAILABLE before answering again. */
  failEvaluations = 0;
  /** Versions whose evaluations get no answer, as long as they are here. */
  readonly silent = new Set<string>();
  #server: Server | undefined;
  #streams: ScriptedStream[] = [];
  #waiting: ((stream: ScriptedStream) => void)[] = [];

  /** Starts listening. @returns host:port */
  async start(address = '127.0.0.1:0'): Promise<string> {
    const server = createServer();
    server.add(SelfPlayServiceDefinition, { work: (requests, context) => this.#work(requests, context) });
    server.add(EvaluatorServiceDefinition, { evaluate: (requests) => this.#evaluate(requests) });
    this.#server = server;
    return `127.0.0.1:${await server.listen(address)}`;
  }

  /** Kills the server: every stream breaks. */
  stop(): void {
    this.#server?.forceShutdown();
    this.#server = undefined;
  }

  /** The next worker stream that opens. */
  nextStream(): Promise<ScriptedStream> {
    const stream = this.#streams.shift();
    return stream ? Promise.resolve(stream) : new Promise((resolve) => this.#waiting.push(resolve));
  }

  async *#work(requests: AsyncIterable<WorkRequest>, context: CallContext): AsyncGenerator<WorkResponse> {
    const stream = new ScriptedStream();
    context.signal.addEventListener('abort', () => stream.end());
    const waiting = this.#waiting.shift();
    if (waiting) waiting(stream);
    else this.#streams.push(stream);
    yield* stream.serve(requests);
  }

  async *#evaluate(requests: AsyncIterable<EvaluateRequest>): AsyncGenerator<EvaluateResponse> {
    this.evaluations++;
    for await (const { requestId, model, positions } of requests) {
      if (this.failEvaluations > 0) {
        this.failEvaluations--;
        throw new ServerError(Status.UNAVAILABLE, 'shutting down');
      }
      if (this.silent.has(model)) continue;
      this.models.push(model);
      this.messageSizes.push(positions.length);
      const evaluations = positions.map(({ size }) => ({
        policy: encodeHalves(Array.from({ length: size * size + 1 }, (_, a) => -a / 10)),
        win: 0.5,
        draw: 0,
        loss: 0.5,
        score: 0,
        ownership: new Uint8Array(0),
        scoreDetails: undefined,
      }));
      const facts = { precision: Precision.FP32, capacity: 0, serverMicros: 0 };
      yield { requestId, modelVersion: model, evaluations, error: undefined, ...facts };
    }
  }
}

const settings: SelfPlaySettings = {
  size: 5,
  rules: rulesToWire(defaultRules(5)),
  visits: 4,
  cheapVisits: 0,
  fullSearchShare: 1,
  gumbelRoot: true,
  gumbelActions: 4,
  temperatureMoves: 4,
  resignThreshold: -1,
  resignPlayoutShare: 0,
  maxMoves: 8,
  dirichletTotal: 0,
  lateTemperature: 0,
  earlyForkShare: 0,
  fullSearchAbove: 0,
  branching: undefined,
};

/** A lease of a short 5×5 game. */
export function leaseOf(
  number: number,
  changes: Partial<Omit<Lease, 'settings'>> & { settings?: Partial<SelfPlaySettings> } = {},
): Lease {
  return {
    leaseId: `lease-${number}`,
    jobId: 'job',
    gameId: `game-${number}`,
    modelVersion: 'net@1',
    seed: BigInt(number),
    expiresInMs: 60_000,
    variations: [],
    match: undefined,
    ...changes,
    settings: { ...settings, ...changes.settings },
  };
}
