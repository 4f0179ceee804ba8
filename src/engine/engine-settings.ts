/** Which engine computes, as settings: plain data, so that it can be sent to a thread. */

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
