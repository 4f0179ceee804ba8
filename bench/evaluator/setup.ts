/** What the processes of the evaluator benchmark share: the network, the positions, and how they are told to run. */

import { parseArgs } from 'node:util';
import { check } from '../../src/core/errors.js';
import { Rng } from '../../src/core/rng.js';
import { cpuEngine } from '../../src/engine/engine-settings.js';
import { openEngine } from '../../src/engine/open-engine.js';
import { tengen1 } from '../../src/go/tengen-features.js';
import { Position } from '../../src/go/position.js';
import { defaultRules } from '../../src/go/rules.js';
import type { Snapshot } from '../../src/go/snapshot.js';
import { encodeModel } from '../../src/nn/model-file.js';
import type { Architecture } from '../../src/nn/networks/architecture.js';
import { initialWeights, positionsInPart } from '../../src/nn/networks/go-network.js';

/** The flags of the benchmark as numbers. */
export interface Setup {
  readonly size: number;
  readonly blocks: number;
  readonly channels: number;
  /** Worker threads, and sessions of the bare baseline. */
  readonly threads: number;
  /** Most positions in a batch; the bare baseline runs exactly this many, or exactly a part of them. */
  readonly batch: number;
  /** Positions in one gRPC message. */
  readonly message: number;
  /** Messages in flight. */
  readonly inFlight: number;
  readonly rounds: number;
  readonly seconds: number;
  /** 1 to serve in eight bits. */
  readonly int8: number;
}

const defaults: Setup = {
  size: 9,
  blocks: 6,
  channels: 64,
  threads: 2,
  batch: 64,
  message: 32,
  inFlight: 12,
  rounds: 11,
  seconds: 2,
  int8: 0,
};

/** Reads flags such as --size 7. */
export function readSetup(args: string[]): Setup {
  const options = Object.fromEntries(Object.keys(defaults).map((key) => [key, { type: 'string' as const }]));
  const { values } = parseArgs({ args, options });
  const setup: Record<string, number> = { ...defaults };
  for (const [key, text] of Object.entries(values)) {
    const value = Number(text);
    const least = key === 'int8' ? 0 : 1;
    check(value >= least, `--${key} is '${String(text)}'; it must be a number, ${least} at least`);
    setup[key] = value;
  }
  return setup as unknown as Setup;
}

/** The setup as flags, for a child process. */
export function setupFlags(setup: Setup): string[] {
  return Object.entries(setup).flatMap(([key, value]) => [`--${key}`, String(value)]);
}

/** The setup with batches as large as the parts that the server computes at once. */
export async function cutAsServed(setup: Setup): Promise<Setup> {
  const { partFloats = Infinity } = await openEngine(cpuEngine);
  return { ...setup, batch: Math.min(setup.batch, positionsInPart(architectureOf(setup), setup.size, partFloats)) };
}

function architectureOf({ size, blocks, channels }: Setup): Architecture {
  const { name: features, planes, globals } = tengen1;
  return { kind: 'go-resnet', size, blocks, channels, planes, globals, features };
}

/** A network of the wanted form with random weights, as a model file. */
export function makeModelFile(setup: Setup): Uint8Array {
  const architecture = architectureOf(setup);
  return encodeModel({ architecture, weights: initialWeights(architecture, new Rng(1)), metadata: {} });
}

/** Positions of random games. */
export function makePositions(size: number, count: number): Snapshot[] {
  const rng = new Rng(2);
  const positions: Snapshot[] = [];
  const legal = new Uint8Array(size * size + 1);
  while (positions.length < count) {
    const position = new Position(size, defaultRules(size));
    for (let move = 0; move < size * size && positions.length < count; move++) {
      position.legal(legal);
      legal[size * size] = 0;
      if (!legal.includes(1)) break;
      position.play(rng.weighted(legal));
      positions.push(position.snapshot());
    }
  }
  return positions;
}

export interface RunResult {
  readonly evaluations: number;
  readonly ms: number;
  /** CPU time of the process in the run, all its threads. */
  readonly cpuMicros: number;
}

/** CPU time that this process has used, all its threads. */
export function cpuMicros(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}
