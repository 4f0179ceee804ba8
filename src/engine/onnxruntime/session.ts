/**
 * An ONNX Runtime session in the calling thread. `run` blocks that thread while it computes (the binding is
 * synchronous), so the main thread must not use this: see thread.ts.
 */

import '../../threads/environment.js';
import { InferenceSession, Tensor } from 'onnxruntime-node';

import { AppError } from '../../core/errors.js';
import type { ElementData, TensorData } from '../../nn/types.js';
import { checkNotClosing } from '../closing.js';
import type { NamedTensors, Wanted } from '../engine.js';

/** How a session computes. */
export interface SessionOptions {
  /** Threads one operation may use; 1 if not given. */
  readonly threads?: number;
  /** ONNX Runtime's execution provider: cpu (default), webgpu, cuda, tensorrt … as far as installed. */
  readonly provider?: string;
  /** Writes a timing file with this prefix, for benchmarks. */
  readonly profile?: string;
}

/** A loaded model. */
export interface Session {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  /**
   * Computes all outputs, or only those in `wanted`: by name, with `null` or the tensor to write the result into.
   * Blocks the thread. One run at a time.
   *
   * @throws AppError 'invalid-argument' if ONNX Runtime refuses the inputs, 'cancelled' once the thread is being closed
   */
  run(inputs: NamedTensors, wanted?: Wanted): Promise<Record<string, TensorData>>;
  /** Frees the model. */
  release(): Promise<void>;
}

/**
 * Loads an ONNX model.
 *
 * @throws AppError 'failed-precondition' if the provider or the model cannot be used
 */
export async function createSession(model: Uint8Array, options: SessionOptions = {}): Promise<Session> {
  const provider = options.provider ?? 'cpu';
  const settings: InferenceSession.SessionOptions = {
    executionProviders: [provider],
    intraOpNumThreads: options.threads ?? 1,
    interOpNumThreads: 1,
    // Threads that spin while they wait are 4 % faster alone and take twice as long when other processes need the cores.
    // No graph here has pairs of quantize and dequantize to fuse; looking for them gives every reader its own dequantizing.
    extra: { session: { intra_op: { allow_spinning: '0' }, disable_quant_qdq: '1' } },
    graphOptimizationLevel: 'all',
    logSeverityLevel: 3,
    ...(options.profile !== undefined && { enableProfiling: true, profileFilePrefix: options.profile }),
  };
  let session: InferenceSession;
  try {
    session = await InferenceSession.create(model, settings);
  } catch (error) {
    throw new AppError('failed-precondition', `ONNX Runtime cannot load the model on '${provider}': ${text(error)}`, {
      cause: error,
    });
  }
  return new OnnxSession(session, options.profile !== undefined);
}

class OnnxSession implements Session {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  readonly #session: InferenceSession;
  readonly #profiling: boolean;

  constructor(session: InferenceSession, profiling: boolean) {
    this.#session = session;
    this.#profiling = profiling;
    this.inputNames = session.inputNames;
    this.outputNames = session.outputNames;
  }

  async run(inputs: NamedTensors, wanted?: Wanted): Promise<Record<string, TensorData>> {
    checkNotClosing();
    const feeds: Record<string, Tensor> = {};
    for (const [name, value] of Object.entries(inputs)) feeds[name] = toTensor(value);
    try {
      const results = await (wanted === undefined
        ? this.#session.run(feeds)
        : this.#session.run(feeds, fetchesOf(wanted)));
      const outputs: Record<string, TensorData> = {};
      for (const [name, tensor] of Object.entries(results)) {
        outputs[name] = { shape: tensor.dims, data: tensor.data as ElementData };
      }
      return outputs;
    } catch (error) {
      throw new AppError('invalid-argument', `ONNX Runtime refused to run: ${text(error)}`, { cause: error });
    }
  }

  async release(): Promise<void> {
    if (this.#profiling) this.#session.endProfiling();
    await this.#session.release();
  }
}

function fetchesOf(wanted: Wanted): Record<string, Tensor | null> {
  const entries = Object.entries(wanted).map(([name, value]) => [name, value === null ? null : toTensor(value)]);
  return Object.fromEntries(entries) as Record<string, Tensor | null>;
}

function toTensor({ shape, data }: TensorData): Tensor {
  if (data instanceof Float32Array) return new Tensor('float32', data, shape);
  return data instanceof BigInt64Array ? new Tensor('int64', data, shape) : new Tensor('bool', data, shape);
}

function text(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
