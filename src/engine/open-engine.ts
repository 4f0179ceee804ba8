/** The engine that the settings name. */

import type { Engine } from './engine.js';

/** The engines there are. */
export const engineNames = ['onnxruntime', 'tensorflow'] as const;

/** Which engine, and its settings; plain data, so that it can be sent to a thread. */
export interface EngineSettings {
  readonly engine: (typeof engineNames)[number];
  /** ONNX Runtime's execution provider; of no meaning to others. */
  readonly provider: string;
}

/**
 * Opens an engine whose programs block the calling thread while they run. Only the chosen one is imported: each brings
 * a large native library.
 *
 * @throws AppError 'failed-precondition' if what it needs is not installed
 */
export async function openEngine({ engine, provider }: EngineSettings): Promise<Engine> {
  if (engine === 'tensorflow') {
    const { loadTensorflowEngine } = await import('./tensorflow/engine.js');
    return await loadTensorflowEngine();
  }
  const { onnxRuntimeEngine } = await import('./onnxruntime/engine.js');
  return onnxRuntimeEngine({ provider });
}
