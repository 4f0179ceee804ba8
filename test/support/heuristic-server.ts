/** A loopback gRPC server whose one model is the network made by hand, for clients that run as processes of their own. */

import { createServer, ServerError, Status, type CallContext, type Server } from 'nice-grpc';
import {
  EvaluatorServiceDefinition,
  type EvaluateRequest,
  type EvaluateResponse,
} from '../../src/proto/tengen/v1/evaluator.js';
import { Calibration, ModelServiceDefinition, type Model } from '../../src/proto/tengen/v1/model.js';
import { Precision } from '../../src/proto/tengen/v1/precision.js';
import { evaluationsToWire } from '../../src/wire/evaluation.js';
import { positionFromWire } from '../../src/wire/position.js';
import { heuristicEvaluation } from './heuristic-evaluator.js';

const unused = (): never => {
  throw new ServerError(Status.UNIMPLEMENTED, 'not part of this test');
};

/** Serves until `stop`; may be started again on the same port. */
export class HeuristicServer {
  readonly size: number;
  readonly token: string;
  /** Positions evaluated, and whether they were asked for as interactive. */
  evaluated = 0;
  interactive = 0;
  port = 0;
  #server: Server | undefined;

  constructor(size: number, token = '') {
    this.size = size;
    this.token = token;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    const server = createServer();
    server.add(EvaluatorServiceDefinition, { evaluate: (requests, context) => this.#evaluate(requests, context) });
    server.add(ModelServiceDefinition, {
      getModel: (_request, context) => {
        this.#authorize(context);
        return Promise.resolve({ model: this.#model() });
      },
      listModels: unused,
      uploadModel: unused,
      downloadModel: unused,
      importModel: unused,
      promoteModel: unused,
      setPrecision: unused,
    });
    this.#server = server;
    this.port = await server.listen(`127.0.0.1:${this.port}`);
  }

  /** Breaks every stream. */
  stop(): void {
    this.#server?.forceShutdown();
    this.#server = undefined;
  }

  #authorize(context: CallContext): void {
    if (this.token === '' || context.metadata.get('authorization') === `Bearer ${this.token}`) return;
    throw new ServerError(Status.UNAUTHENTICATED, 'The token is wrong');
  }

  async *#evaluate(requests: AsyncIterable<EvaluateRequest>, context: CallContext): AsyncGenerator<EvaluateResponse> {
    this.#authorize(context);
    for await (const { requestId, positions, ownership, priority, cancel } of requests) {
      if (cancel) continue;
      this.evaluated += positions.length;
      if (priority === 2) this.interactive += positions.length;
      const evaluations = positions.map((position) => {
        const { ownership: owners, ...rest } = heuristicEvaluation(positionFromWire(position));
        return ownership && owners ? { ...rest, ownership: owners } : rest;
      });
      yield {
        requestId,
        modelVersion: 'hand@000000000000',
        evaluations: evaluationsToWire(evaluations),
        error: undefined,
        precision: Precision.FP32,
        capacity: 0,
        serverMicros: 0,
      };
    }
  }

  #model(): Model {
    return {
      name: 'hand',
      version: '000000000000',
      size: this.size,
      smallestSize: this.size,
      parameterCount: 0,
      sizeBytes: 0,
      sha256: '',
      createdAtMs: 0,
      promoted: true,
      precision: Precision.FP32,
      servedPrecision: Precision.FP32,
      quantization: undefined,
      calibration: Calibration.UNSPECIFIED,
      architectureJson: '{}',
      step: 0,
    };
  }
}
