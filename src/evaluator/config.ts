/** Settings of the evaluator. */

import { choice, integer, number, type ConfigOf } from '../core/config.js';
import { engineNames } from '../engine/engine-settings.js';
import { physicalCores } from './physical-cores.js';

export const MOST_THREADS = 64;

/** Settings of the evaluator, with their ranges and meanings. */
export const evaluatorSchema = {
  threads: {
    ...integer(
      Math.min(MOST_THREADS, physicalCores()),
      0,
      MOST_THREADS,
      'Worker threads that run the network, each with one session on one core; 0 takes the fastest number, which the server measures for about a second, under the load that the machine has then, when the first model is loaded.',
    ),
    defaultName: "the machine's physical cores",
  },
  maxBatch: integer(64, 1, 1024, 'Most positions in one batch of the network.'),
  maxPending: integer(
    16_384,
    1,
    1_000_000,
    'Most positions that wait or are being evaluated; the server refuses requests beyond that, but never one that is alone.',
  ),
  cacheMegabytes: number(
    64,
    0,
    65_536,
    'Size of the evaluation cache in MiB, for each board size in use; 0 turns the cache off.',
  ),
  loadedVersions: integer(
    16,
    1,
    64,
    'Model versions kept loaded; with fewer than are in use, the server loads versions again and again.',
  ),
  symmetry: choice(
    'none',
    ['none', 'random', 'all'],
    'Symmetries of the board in which the network evaluates a position: none (the position as it is), random (one symmetry drawn for each position) or all (the mean over all eight symmetries, at eight times the cost).',
  ),
  symmetrySeed: integer(
    1,
    0,
    2 ** 31,
    'Seed from which symmetry=random draws; the same position always gets the same symmetry, so games are reproducible.',
  ),
  engine: choice(
    'onnxruntime',
    engineNames,
    'Library that runs and trains the networks; tensorflow needs the package @tensorflow/tfjs-node-gpu.',
  ),
  provider: choice('cpu', ['cpu', 'webgpu', 'cuda', 'tensorrt'], 'Execution provider of ONNX Runtime.'),
} as const;

export type EvaluatorConfig = ConfigOf<typeof evaluatorSchema>;

/** In which symmetries of the board the network sees positions (symmetric-evaluation.ts). */
export type SymmetrySettings = Pick<EvaluatorConfig, 'symmetry' | 'symmetrySeed'>;
