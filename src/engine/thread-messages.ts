/** What a thread that computes one graph and its owner say to each other. */

import type { CompileOptions, NamedTensors, Wanted } from './engine.js';
import type { EngineSettings } from './engine-settings.js';

/** One graph, either run as it is or stepped with state. */
export interface ThreadGraph {
  readonly settings: EngineSettings;
  /** As `graphBytes` writes it. */
  readonly graph: Uint8Array<ArrayBuffer>;
  readonly options?: CompileOptions;
  /** First state of a training step. */
  readonly state?: NamedTensors;
}

/** What such a thread is asked. */
export interface GraphCalls {
  run(inputs: NamedTensors, wanted?: Wanted): Promise<NamedTensors>;
  step(batch: NamedTensors): Promise<Record<string, number>>;
  exportState(): Promise<NamedTensors>;
  importState(state: NamedTensors): Promise<void>;
}
