/** Writes KataGo's network files, to be packed with gzip: what was trained here can be played by KataGo and its GUIs. */

import type { Weights } from '../../model-file.js';
import { type KatagoArchitecture, katagoActivations, katagoMultipliers } from './architecture.js';
import { type KatagoLayer, activationOf, katagoLayers, spareWords } from './layers.js';
import { WordWriter, checkKatagoName } from './words.js';

/** So small that a variance of 1 stays 1: norms have neither mean nor variance any more. KataGo wants it above 0. */
const EPSILON = 1e-20;

/**
 * The file of a network, its weights as they are, so that reading it gives the same network again.
 *
 * @param name what KataGo will call it
 * @throws AppError 'invalid-argument' if KataGo does not take such a name
 */
export function writeKatago(name: string, architecture: KatagoArchitecture, weights: Weights): Uint8Array<ArrayBuffer> {
  const { version, planes, globals, multipliers } = architecture;
  const writer = new WordWriter();
  writer.words([checkKatagoName(name), version, planes, globals]);
  if (version >= 13) writer.words(katagoMultipliers.map((each) => multipliers[each]));
  // Neither players' data nor pass-alive areas as if suicide were legal, and spare zeros.
  if (version >= 15) writer.words(Array.from({ length: 2 + spareWords.header }, () => 0));
  for (const layer of katagoLayers(architecture)) writeLayer(writer, layer, architecture, weights);
  return writer.finish();
}

function writeLayer(writer: WordWriter, layer: KatagoLayer, architecture: KatagoArchitecture, weights: Weights): void {
  if (layer.kind === 'words') {
    writer.words(layer.words);
    return;
  }
  const { name } = layer;
  const dataOf = (parameter: string): Float32Array => weights.get(parameter)!.data;
  writer.words([name]);
  switch (layer.kind) {
    case 'convolution': {
      const { kernel, inputs, outputs } = layer;
      writer.words([kernel, kernel, inputs, outputs, 1, 1]);
      writer.floats(toFileOrder(dataOf(name), kernel * kernel, inputs, outputs));
      break;
    }
    case 'norm':
      writer.words([layer.channels, EPSILON, 1, 1]);
      writer.floats(new Float32Array(layer.channels));
      writer.floats(new Float32Array(layer.channels).fill(1));
      writer.floats(dataOf(`${name}/scale`));
      writer.floats(dataOf(`${name}/bias`));
      break;
    case 'pointNorm':
      writer.words([layer.channels, layer.epsilon]);
      writer.floats(dataOf(name));
      break;
    case 'tipNorm':
      writer.words([layer.channels, layer.epsilon, Number(layer.over === 'board'), 0]);
      writer.floats(dataOf(`${name}/scale`));
      writer.floats(dataOf(`${name}/bias`));
      break;
    case 'frequencies':
      writer.words([layer.heads, layer.pairs, 2]);
      writer.floats(dataOf(name));
      break;
    case 'activation':
      if (architecture.version >= 11) writer.words([katagoActivations[activationOf(architecture, name)]]);
      break;
    case 'matrix':
      writer.words([layer.inputs, layer.outputs]);
      writer.floats(dataOf(name));
      break;
    case 'bias':
      writer.words([layer.channels]);
      writer.floats(dataOf(name));
      break;
  }
}

/** Filters [out, in, K·K] in the file's order [K·K, in, out]. */
function toFileOrder(data: Float32Array, area: number, inputs: number, outputs: number): Float32Array {
  const file = new Float32Array(data.length);
  for (let at = 0, point = 0; point < area; point++) {
    for (let input = 0; input < inputs; input++) {
      for (let output = 0; output < outputs; output++, at++) file[at] = data[(output * inputs + input) * area + point]!;
    }
  }
  return file;
}
