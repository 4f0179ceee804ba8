/**
 * Level `real`: wall clock of whole training steps (forward, backward, all-reduce, optimizer) on two ranks that share this
 * machine's cores. All arms see the same batches (but `sorted`, which makes its own), one after the other in ABBA order.
 * Raw times go to a file as they are made, and a run that is started again goes on where it stopped.
 */

import { cpuEngine } from '../../src/engine/engine-settings.js';
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { AppError, check } from '../../src/core/errors.js';
import { Rng } from '../../src/core/rng.js';
import type { SchedulingPolicy } from '../../src/methods/scheduling/plan.js';
import { planStep } from '../../src/methods/scheduling/plan-step.js';
import { RankGrid, type GridResult } from '../../src/ranks/grid.js';
import { profileGrid, type GridProfile } from '../../src/ranks/profile.js';
import { lengthsOf, type StepSequence } from '../../src/ranks/rows.js';
import { makeStateMemory } from '../../src/ranks/training-state.js';
import { readSftConfig } from '../../src/trainer/sft/config.js';
import { readLanguageModel } from '../../src/trainer/sft/language-model.js';
import { median } from '../../bench/shared/statistics.js';
import { runGates } from './gates.js';
import { type LengthName, lengthNames, sampleLength } from './lengths.js';
import { type PairedTimes, describePairs } from './paired.js';
import { traceEvents } from './trace.js';

/** One way to schedule. */
interface Arm {
  readonly name: string;
  readonly policy: SchedulingPolicy;
  readonly microBatch?: number;
}

const fixedArms: readonly Arm[] = [
  { name: 'sorted', policy: 'sorted', microBatch: 1 },
  { name: 'token-packing', policy: 'token-packing' },
  { name: 'dacp', policy: 'dacp' },
  { name: 'gds', policy: 'gds' },
  { name: 'round-robin', policy: 'round-robin' },
  { name: 'skrull', policy: 'skrull' },
  { name: 'skrull-refined', policy: 'skrull-refined' },
];
/** Micro-batches among which the best is sought. */
const microBatches = [2, 4, 8, 16, 32];

/** AdamW as the job has it; what is timed does not depend on the numbers. */
const optimizer = { learningRate: 1e-4, beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.01, update: 1 };

const flags = {
  lengths: { type: 'string', default: 'wikipedia,chatqa2,uniform' },
  iterations: { type: 'string', default: '30' },
  warmup: { type: 'string', default: '5' },
  sequences: { type: 'string', default: '32' },
  bucket: { type: 'string', default: '2048' },
  shrink: { type: 'string', default: '16' },
  hidden: { type: 'string', default: '256' },
  layers: { type: 'string', default: '4' },
  latency: { type: 'string', default: '0' },
  seed: { type: 'string', default: '1' },
  /** Steps of the loss curves that are compared before anything is timed; 0 leaves that out. */
  'gate-steps': { type: 'string', default: '200' },
  out: { type: 'string', default: 'experiments/scheduling/runs/real.jsonl' },
  trace: { type: 'string' },
  short: { type: 'boolean', default: false },
} as const;

interface Settings {
  readonly lengths: readonly LengthName[];
  readonly iterations: number;
  readonly warmup: number;
  readonly sequences: number;
  readonly bucket: number;
  readonly shrink: number;
  readonly hidden: number;
  readonly layers: number;
  readonly latency: number;
  readonly seed: number;
  readonly gateSteps: number;
  readonly out: string;
  readonly trace: string | undefined;
}

/** A raw time in the file. */
interface Row {
  readonly key: string;
  readonly lengths: LengthName;
  readonly iteration: number;
  readonly arm: string;
  readonly ms: number;
  readonly predictedMs: number;
  readonly microSteps: number;
  readonly waitingShare: number;
  readonly load: number;
}

/** Runs the level; `--short` takes a few minutes, `--trace FILE` draws one step of each policy instead. */
export async function runReal(args: string[]): Promise<Record<string, unknown>> {
  const settings = readSettings(args);
  const state = stateOf(settings);
  if (settings.trace !== undefined) return drawSteps(settings, settings.trace, state);
  const results: Record<string, unknown> = settings.gateSteps > 0 ? await runGates(settings.gateSteps) : {};
  for (const lengths of settings.lengths) {
    const grid = await openGrid(settings, state, false);
    try {
      Object.assign(results, await measure(settings, lengths, grid));
    } finally {
      await grid.close();
    }
  }
  return {
    level: 'real',
    ranks: 2,
    ...settings,
    speedupOverMicroBatch1: results['wikipedia skrull over m=1'],
    speedupOverPacking: results['wikipedia skrull over token-packing'],
    ...results,
  };
}

function readSettings(args: string[]): Settings {
  const { values } = parseArgs({ args, options: { ...flags, level: { type: 'string' } } });
  const number = (name: keyof typeof flags): number => {
    const value = Number(values[name]);
    check(Number.isFinite(value) && value >= 0, `--${name} is '${String(values[name])}'; it must be a number`);
    return value;
  };
  const short = values.short;
  return {
    lengths: values.lengths.split(',').map((name) => {
      const known = lengthNames.find((candidate) => candidate === name);
      if (!known) throw new AppError('invalid-argument', `--lengths knows ${lengthNames.join(', ')}, not '${name}'`);
      return known;
    }),
    iterations: short ? Math.min(8, number('iterations')) : number('iterations'),
    warmup: short ? 1 : number('warmup'),
    sequences: number('sequences'),
    bucket: number('bucket'),
    shrink: number('shrink'),
    hidden: number('hidden'),
    layers: number('layers'),
    latency: number('latency'),
    seed: number('seed'),
    gateSteps: short ? Math.min(20, number('gate-steps')) : number('gate-steps'),
    out: values.out,
    trace: values.trace,
  };
}

function modelOf({ hidden, layers, seed }: Settings): ReturnType<typeof readLanguageModel> {
  const config = readSftConfig({ dataset: 'none', hidden, layers, seed, heads: 8, keyValueHeads: 4 });
  return readLanguageModel(undefined, config);
}

function stateOf(settings: Settings): ReturnType<typeof makeStateMemory> {
  const { layout, weights } = modelOf(settings);
  return makeStateMemory(layout, 0, weights);
}

function gridOf(settings: Settings) {
  const { bucket: bucketSize, latency: latencyMs } = settings;
  const { architecture } = modelOf(settings);
  return { dataParallel: 1, contextParallel: 2, bucketSize, latencyMs, architecture };
}

function openGrid(settings: Settings, state: ReturnType<typeof stateOf>, traces: boolean): Promise<RankGrid> {
  return RankGrid.open({ ...gridOf(settings), engine: cpuEngine, state, traces });
}

/** Batches of all iterations, the warm-up first; `sorted` are the same samples in batches of like length. */
function drawBatches(settings: Settings, name: LengthName): { usual: StepSequence[][]; sorted: StepSequence[][] } {
  const { sequences, iterations, warmup, bucket, shrink, seed } = settings;
  const rng = new Rng(seed).fork(lengthNames.indexOf(name));
  const longest = 2 * bucket;
  const cut = (all: readonly StepSequence[]): StepSequence[][] =>
    Array.from({ length: warmup + iterations }, (_, i) => all.slice(i * sequences, (i + 1) * sequences));
  const all = Array.from({ length: (warmup + iterations) * sequences }, () => {
    const length = sampleLength(name, rng, { shrink, longest });
    const tokens = Int32Array.from({ length: length + 1 }, () => rng.int(256));
    return { tokens, weights: new Float32Array(length + 1).fill(1) };
  });
  const byLength = all.toSorted((a, b) => a.tokens.length - b.tokens.length);
  return { usual: cut(all), sorted: rng.shuffle(cut(byLength)) };
}

/** Runs one step and says how long it took, planning included. */
async function timeStep(
  grid: RankGrid,
  settings: Settings,
  {
    arm,
    batch,
    profile,
  }: { readonly arm: Arm; readonly batch: readonly StepSequence[]; readonly profile: GridProfile },
): Promise<{ ms: number; predictedMs: number; result: GridResult; microSteps: number }> {
  const started = performance.now();
  const cluster = { dataParallel: 1, contextParallel: 2, bucketSize: settings.bucket, cost: profile.cost };
  const { policy, microBatch } = arm;
  const plan = planStep(policy, lengthsOf(batch), cluster, microBatch === undefined ? {} : { microBatch });
  // Always from the same state: the step that it writes is written over by the next.
  const result = await grid.train({ step: 0, sequences: batch, plan }, optimizer, 1);
  const ms = performance.now() - started;
  return { ms, predictedMs: plan.predictedMs, result, microSteps: plan.microBatches[0]?.length ?? 0 };
}

async function measure(settings: Settings, lengths: LengthName, grid: RankGrid): Promise<Record<string, unknown>> {
  const { warmup, iterations, out } = settings;
  const { sequences, bucket, shrink, hidden, layers, latency, seed } = settings;
  const key = JSON.stringify({ sequences, bucket, shrink, hidden, layers, latency, seed, warmup, iterations });
  const before = rowsOf(out, key, lengths);
  const batches = drawBatches(settings, lengths);
  const throughput = await twoRankThroughput(grid, settings);
  const profile = await profileGrid(grid, gridOf(settings), { step: 0, vocabularySize: 259 });
  const arms = await armsOf(grid, settings, batches.usual, profile, before);
  mkdirSync(dirname(out), { recursive: true });
  const rows = [...before];
  for (let i = 0; i < warmup + iterations; i++) {
    const iteration = i - warmup;
    const order = i % 2 === 0 ? arms : [...arms].reverse();
    for (const arm of order) {
      if (rows.some((row) => row.iteration === iteration && row.arm === arm.name)) continue;
      const batch = (arm.policy === 'sorted' ? batches.sorted : batches.usual)[i]!;
      const { ms, predictedMs, result, microSteps } = await timeStep(grid, settings, { arm, batch, profile });
      if (iteration < 0) continue;
      const waitingShare = waitingShareOf(result);
      const load = loadavg()[0] ?? 0;
      const row: Row = { key, lengths, iteration, arm: arm.name, ms, predictedMs, microSteps, waitingShare, load };
      rows.push(row);
      appendFileSync(out, `${JSON.stringify(row)}\n`);
    }
  }
  return report(lengths, rows, throughput, profile);
}

/** m = 1, the best of the others on three batches (or what an earlier run found best), and the fixed arms. */
async function armsOf(
  grid: RankGrid,
  settings: Settings,
  batches: readonly StepSequence[][],
  profile: GridProfile,
  before: readonly Row[],
): Promise<Arm[]> {
  const armOf = (microBatch: number): Arm => ({ name: `m=${microBatch}`, policy: 'shard-all', microBatch });
  const known = before.find(({ arm }) => arm.startsWith('m=') && arm !== 'm=1');
  let best = known ? Number(known.arm.slice(2)) : 0;
  let bestMs = Infinity;
  for (const candidate of known ? [] : microBatches.filter((m) => m <= settings.sequences)) {
    const seen: number[] = [];
    for (const batch of batches.slice(0, 3)) {
      seen.push((await timeStep(grid, settings, { arm: armOf(candidate), batch, profile })).ms);
    }
    if (median(seen) < bestMs) [best, bestMs] = [candidate, median(seen)];
  }
  return [armOf(1), armOf(best), ...fixedArms];
}

/** Work done by two busy ranks over that of one in the same time; near 2 if each has a core of its own. */
async function twoRankThroughput(grid: RankGrid, settings: Settings): Promise<number> {
  const length = Math.min(512, settings.bucket);
  const sequence = { tokens: new Int32Array(length + 1), weights: new Float32Array(length + 1).fill(1) };
  const run = async (ranks: readonly number[]): Promise<number> => {
    const batch = { sequences: ranks.map((_, i) => i), placements: ranks, predictedMs: 0 };
    const seen: number[] = [];
    for (let i = 0; i < 7; i++) {
      const sequences = ranks.map(() => sequence);
      const { times } = await grid.gradient({ step: 0, sequences, plan: { microBatches: [[batch]] } });
      seen.push(Math.max(...ranks.map((rank) => times[rank]?.[0]?.localMs ?? 0)));
    }
    return median(seen.slice(1));
  };
  const [one, two] = [await run([0]), await run([0, 1])];
  return (2 * one) / two;
}

function waitingShareOf({ times }: GridResult): number {
  const all = times.flat();
  const waiting = all.reduce((sum, { waitingMs }) => sum + waitingMs, 0);
  return waiting / all.reduce((sum, time) => sum + time.waitingMs + time.localMs + time.distributedMs, 0);
}

function rowsOf(file: string, key: string, lengths: LengthName): Row[] {
  if (!existsSync(file)) return [];
  const rows = readFileSync(file, 'utf8').trim().split('\n').filter(Boolean);
  return rows.map((line) => JSON.parse(line) as Row).filter((row) => row.key === key && row.lengths === lengths);
}

function report(
  lengths: LengthName,
  rows: readonly Row[],
  throughput: number,
  profile: GridProfile,
): Record<string, unknown> {
  const arms = [...new Set(rows.map(({ arm }) => arm))];
  const timesOf = (arm: string): PairedTimes =>
    new Map(rows.filter((row) => row.arm === arm).map(({ iteration, ms }) => [iteration, ms]));
  const results: Record<string, unknown> = {
    [`${lengths} two-rank throughput`]: throughput,
    [`${lengths} wall clock`]: throughput >= 1.8 ? 'valid' : 'invalid: two busy ranks do not run at 1.8 times one',
    [`${lengths} profile error`]: profile.meanError,
    [`${lengths} load`]: median(rows.map(({ load }) => load)),
  };
  for (const arm of arms) {
    const mine = rows.filter((row) => row.arm === arm);
    results[`${lengths} ${arm} ms`] = median(mine.map(({ ms }) => ms));
    results[`${lengths} ${arm} micro-steps`] = median(mine.map(({ microSteps }) => microSteps));
    results[`${lengths} ${arm} waiting share`] = median(mine.map(({ waitingShare }) => waitingShare));
    results[`${lengths} ${arm} model error`] = median(mine.map(({ ms, predictedMs }) => predictedMs / ms - 1));
    for (const base of ['m=1', 'token-packing']) {
      if (arm === base) continue;
      const { ratio, low, high } = describePairs(timesOf(base), timesOf(arm));
      results[`${lengths} ${arm} over ${base}`] = ratio;
      results[`${lengths} ${arm} over ${base} 95 %`] = [low, high];
    }
  }
  return results;
}

/** Draws a step of every policy on one batch of the first lengths. */
async function drawSteps(
  settings: Settings,
  file: string,
  state: ReturnType<typeof stateOf>,
): Promise<Record<string, unknown>> {
  const name = settings.lengths[0] ?? 'wikipedia';
  const batch = drawBatches({ ...settings, iterations: 1, warmup: 0 }, name).usual[0]!;
  const grid = await openGrid(settings, state, true);
  const events: object[] = [];
  try {
    const profile = await profileGrid(grid, gridOf(settings), { step: 0, vocabularySize: 259, repeats: 3 });
    const arms: Arm[] = [{ name: 'shard-all m=1', policy: 'shard-all', microBatch: 1 }, ...fixedArms];
    for (const [i, arm] of arms.entries()) {
      await timeStep(grid, settings, { arm, batch, profile });
      const { result } = await timeStep(grid, settings, { arm, batch, profile });
      events.push(...traceEvents(i, arm.name, result));
    }
  } finally {
    await grid.close();
  }
  writeFileSync(file, JSON.stringify({ traceEvents: events, displayTimeUnit: 'ms' }));
  return { level: 'real', trace: file, lengths: name, events: events.length };
}
