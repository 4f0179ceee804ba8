/** A KataGo network in this process, behind the evaluator that the server uses. */

import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { paceOf } from '../../src/search/pace.js';
import type { EvaluatorFor } from '../../src/player/thinker.js';
import { readConfig } from '../../src/core/config.js';
import { evaluatorSchema } from '../../src/evaluator/config.js';
import { Evaluator } from '../../src/evaluator/evaluator.js';
import { encodeModel } from '../../src/nn/model-file.js';
import { readKatago } from '../../src/nn/networks/katago/read-file.js';

/** The network as the server keeps it. @param path a `.bin.gz` of KataGo */
export function modelFile(path: string): { readonly name: string; readonly bytes: Uint8Array } {
  const { name, architecture, weights } = readKatago(gunzipSync(readFileSync(path)));
  return { name, bytes: encodeModel({ architecture, weights, metadata: {} }) };
}

/** Serves one network in this process until closed. */
export async function openNetwork(
  path: string,
): Promise<{ readonly name: string; readonly evaluatorFor: EvaluatorFor; close(): Promise<void> }> {
  const { name, bytes } = modelFile(path);
  const model = `${name}@1`;
  const source = { resolve: () => Promise.resolve(model), read: () => Promise.resolve(bytes) };
  const evaluator = new Evaluator(source, readConfig(evaluatorSchema, {}));
  await evaluator.ready();
  return {
    name,
    evaluatorFor: (ownership) => ({
      get pace() {
        return paceOf(evaluator.capacity);
      },
      evaluate: async (positions, { signal } = {}) => {
        const snapshots = positions.map((position) => position.snapshot());
        const request = { model, positions: snapshots, ownership, priority: 'interactive' } as const;
        return (await evaluator.evaluate({ ...request, ...(signal ? { signal } : {}) })).evaluations;
      },
    }),
    close: () => evaluator.close(),
  };
}
