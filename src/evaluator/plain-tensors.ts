/** Plain-tensor requests in parts no larger than a batch, so that none of them holds a thread for long. */

import type { InferInputs, InferOutputs } from './session-messages.js';

/** Cuts a request into parts of at most `maxCount` positions; their arrays are copies, as threads need them. */
export function splitInputs({ planes, globals, count, size }: InferInputs, maxCount: number): InferInputs[] {
  const planeFloats = planes.length / count;
  const globalFloats = globals.length / count;
  const parts: InferInputs[] = [];
  for (let from = 0; from < count; from += maxCount) {
    const to = Math.min(count, from + maxCount);
    parts.push({
      planes: planes.slice(from * planeFloats, to * planeFloats),
      globals: globals.slice(from * globalFloats, to * globalFloats),
      count: to - from,
      size,
    });
  }
  return parts;
}

/** Puts the outputs of the parts, in their order, together again. */
export function joinOutputs(parts: readonly InferOutputs[]): InferOutputs {
  const joined: Record<string, { shape: readonly number[]; data: Float32Array }> = {};
  for (const [name, first] of Object.entries(parts[0] ?? {})) {
    const tensors = parts.map((part) => part[name]!);
    const data = new Float32Array(tensors.reduce((sum, tensor) => sum + tensor.data.length, 0));
    let at = 0;
    for (const tensor of tensors) {
      data.set(tensor.data, at);
      at += tensor.data.length;
    }
    const count = tensors.reduce((sum, tensor) => sum + tensor.shape[0]!, 0);
    joined[name] = { shape: [count, ...first.shape.slice(1)], data };
  }
  return joined;
}
