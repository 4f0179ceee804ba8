/** The engine of an experiment that computes in its own thread. */

import type { Engine } from '../../src/engine/engine.js';
import { cpuEngine } from '../../src/engine/engine-settings.js';
import { openEngine } from '../../src/engine/open-engine.js';

/** One engine for the whole process. */
export async function withEngine<T>(work: (engine: Engine) => Promise<T>): Promise<T> {
  const engine = await openEngine(cpuEngine);
  try {
    return await work(engine);
  } finally {
    await engine.close();
  }
}
