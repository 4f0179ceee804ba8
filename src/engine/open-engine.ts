/** The engine that the settings name. */

import type { Engine } from './engine.js';
import type { EngineSettings } from './engine-settings.js';

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
