/** The engine that the settings name. */

import type { Engine } from './engine.js';

/** The engines there are. */
export const engineNames = ['onnxruntime', 'tensorflow'] as const;

/** Which engine, and its settings: plain data, by which an engine crosses to the threads that compute. */
export interface EngineSettings {
  readonly engine: (typeof engineNames)[number];
  /** ONNX Runtime's execution provider; of no meaning to others. */
  readonly provider: string;
  /** URL of a module whose `openEngine` opens the engine in place of the named one. */
  readonly module?: string;
}

/** The engine that is there everywhere. */
export const cpuEngine: EngineSettings = { engine: 'onnxruntime', provider: 'cpu' };

/** The settings of the engine alone, out of a larger set of them. */
export function engineOf({ engine, provider, module }: EngineSettings): EngineSettings {
  return { engine, provider, ...(module !== undefined && { module }) };
}

/** What the module of an engine exports. */
interface EngineModule {
  openEngine(settings: EngineSettings): Promise<Engine> | Engine;
}

/**
 * Opens an engine whose programs block the calling thread while they run. Only the chosen one is imported: each brings
 * a large native library.
 *
 * @throws AppError 'failed-precondition' if what it needs is not installed
 */
export async function openEngine(settings: EngineSettings): Promise<Engine> {
  const opened = await importEngine(settings);
  return await opened.openEngine(settings);
}

async function importEngine({ engine, module }: EngineSettings): Promise<EngineModule> {
  if (module !== undefined) return (await import(module)) as EngineModule;
  return engine === 'tensorflow' ? import('./tensorflow/engine.js') : import('./onnxruntime/engine.js');
}
