/** Plain-tensor requests in parts no larger than a batch, so that none of them holds a thread for long. */

import type { InferInputs, InferOutputs } from './session-messages.js';

/** Numbers, or the bytes of them (IEEE 754, little-endian), which may lie anywhere in a message. */
type Floats = Float32Array | Uint8Array;

/** A request of any size. */
export interface PlainTensors extends Omit<InferInputs, 'planes' | 'globals'> {
  readonly planes: Floats;
  readonly globals: Floats;
}

/** How many numbers they are. */
export function floatCount(values: Floats): number {
  return values.byteLength / Float32Array.BYTES_PER_ELEMENT;
}

/** Positions `from` to `to` of a request, copied, to be given to a thread. */
export function partOf({ planes, globals, count, size }: PlainTensors, from: number, to: number): InferInputs {
  const cut = (values: Floats): Float32Array => {
    const perPosition = values.byteLength / count;
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    return new Float32Array(bytes.slice(from * perPosition, to * perPosition).buffer);
  };
  return { planes: cut(planes), globals: cut(globals), count: to - from, size };
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
