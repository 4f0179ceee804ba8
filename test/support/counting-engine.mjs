/**
 * An engine of a test: TensorFlow.js in plain JavaScript, which writes a line for every graph that it compiles into the file
 * that ENGINE_LOG names.
 */

import { appendFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs';
import { tensorflowEngine } from '../../dist/src/engine/tensorflow/engine.js';

export async function openEngine() {
  await tf.setBackend('cpu');
  const engine = tensorflowEngine(tf);
  const counted = (what) => appendFileSync(process.env.ENGINE_LOG, `${what}\n`);
  return {
    name: 'counting',
    compile(...args) {
      counted('compile');
      return engine.compile(...args);
    },
    train(...args) {
      counted('train');
      return engine.train(...args);
    },
    close: () => engine.close(),
  };
}
