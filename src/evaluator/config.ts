/** Settings of the evaluator. */

import { choice, integer, number, type ConfigOf } from '../core/config.js';
import { engineNames } from '../engine/engine-settings.js';

export const MOST_THREADS = 64;

/** Settings of the evaluator, with their ranges and meanings. */
export const evaluatorSchema = {
  threads: integer(
    2,
    0,
    MOST_THREADS,
    'worker threads that run the network, one session and one core each; 0 takes the number that is fastest here, measured for about a second, beside whatever else runs then, when the first model is loaded',
  ),
  maxBatch: integer(64, 1, 1024, 'most positions in one batch'),
  maxPending: integer(
    16_384,
    1,
    1_000_000,
    'most positions waiting or being evaluated; beyond it requests are refused',
  ),
  cacheMegabytes: number(64, 0, 65_536, 'size of the evaluation cache for each board size in use; 0 turns it off'),
  loadedVersions: integer(
    16,
    1,
    64,
    'model versions kept loaded; fewer than are in use at once means loading them again and again',
  ),
  symmetry: choice(
    'none',
    ['none', 'random', 'all'],
    'symmetries of the board in which the network sees a position: as it is, in one that is drawn for it, or the mean over all eight, which takes eight times as long',
  ),
  symmetrySeed: integer(
    1,
    0,
    2 ** 31,
    'seed of the draws of symmetry random; a position always gets the same one, so games can be played again',
  ),
  engine: choice(
    'onnxruntime',
    engineNames,
    'what runs and trains the networks; tensorflow needs the package @tensorflow/tfjs-node-gpu',
  ),
  provider: choice('cpu', ['cpu', 'webgpu', 'cuda', 'tensorrt'], 'execution provider of ONNX Runtime'),
} as const;

export type EvaluatorConfig = ConfigOf<typeof evaluatorSchema>;

/** In which symmetries of the board the network sees positions (symmetric-evaluation.ts). */
export type SymmetrySettings = Pick<EvaluatorConfig, 'symmetry' | 'symmetrySeed'>;
