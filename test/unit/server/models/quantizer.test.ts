import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { getPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { breathe } from '../../../../src/core/breathe.js';
import { refOf } from '../../../../src/core/refs.js';
import { readConfig } from '../../../../src/core/config.js';
import type { AskedPrecision } from '../../../../src/core/precision.js';
import { threadUrl } from '../../../../src/threads/thread-url.js';
import { evaluatorSchema } from '../../../../src/evaluator/config.js';
import { Evaluator } from '../../../../src/evaluator/evaluator.js';
import { agreement, isCertain } from '../../../../src/evaluator/quantization/speedup.js';
import { Quiet } from '../../../../src/evaluator/quiet.js';
import { isWorthServing, type QuantizationReport } from '../../../../src/evaluator/quantization/compare.js';
import { describeModel } from '../../../../src/server/models/model-file.js';
import { formatCalibrations, parseQuantization, Quantizer } from '../../../../src/server/models/quantizer.js';
import { openSqliteStore } from '../../../../src/store/sqlite/sqlite-store.js';
import type { Store } from '../../../../src/store/store.js';
import { quantizableFile as file } from '../../../support/quantized-models.js';
import { randomPositions } from '../../../support/served-models.js';

const positions = randomPositions(5, 40, 1);
const engine = { engine: 'onnxruntime', provider: 'cpu' } as const;

let dataDir: string;
let store: Store;
let evaluator: Evaluator;
let quantizer: Quantizer;
let quiet: Quiet;

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'tengen-quantizer-'));
  const thread = threadUrl(
    new URL('../../../../src/server/compose.ts', import.meta.url).href,
    '../store/sqlite/thread.js',
  );
  store = await openSqliteStore({ dataDir, now: Date.now, thread });
  const reload = (ref: string): Promise<void> => evaluator.reload(ref);
  quiet = new Quiet(() => 0);
  quantizer = new Quantizer({ store, engine, quiet, reload, logger: pino({ level: 'silent' }) });
  const source = {
    resolve: async (name: string) => refOf((await store.models.get(name))!),
    read: (ref: string) => store.models.read(ref),
    ranges: (ref: string) => quantizer.ranges(ref),
  };
  evaluator = new Evaluator(source, readConfig(evaluatorSchema, { threads: 1 }));
});

afterEach(async () => {
  await quantizer.close();
  await evaluator.close();
  await store.close();
  rmSync(dataDir, { recursive: true });
});

async function values(precision: AskedPrecision = 'auto'): Promise<number[]> {
  const { evaluations } = await evaluator.evaluate({ model: 'go', positions, precision });
  return evaluations.map(({ value }) => value);
}

it('a version wanted in eight bits is served in float32 until it is calibrated, then nearly the same in eight', async () => {
  const { quantizationJson } = await store.models.put({ name: 'go', ...describeModel(file) }, file);
  expect(quantizationJson).toBe('');
  await store.models.setPrecision('go', 'int8');
  const exact = await values();
  await quantizer.idle();
  const { report, ranges } = parseQuantization((await store.models.get('go'))!)!;
  expect(report.positions).toBe(1000);
  expect(ranges.every(({ min, max }) => min <= 0 && max > 0)).toBe(true);
  const quantized = await values();
  expect(quantized).not.toEqual(exact);
  const distance = quantized.reduce((sum, value, i) => sum + Math.abs(value - exact[i]!), 0) / positions.length;
  expect(distance).toBeLessThan(0.02);
  expect(Math.abs(distance - report.valueDistance)).toBeLessThan(0.02);
  expect(await values('fp32')).toEqual(exact);
  expect(quantizer.precisionOf((await store.models.get('go'))!)).toBe('int8');
  await store.models.setPrecision('go', 'fp32');
  await evaluator.reload('go');
  expect(await values()).toEqual(exact);
});

it('a small network is left in float32 unless eight bits are asked for', async () => {
  await store.models.put({ name: 'go', ...describeModel(file) }, file);
  await values();
  await quantizer.idle();
  expect((await store.models.get('go'))!.quantizationJson).toBe('');
});

it('closing ends a calibration and leaves nothing half-written', async () => {
  await store.models.put({ name: 'go', ...describeModel(file) }, file);
  await store.models.setPrecision('go', 'int8');
  await values();
  await quantizer.close();
  expect((await store.models.get('go'))!.quantizationJson).toBe('');
});

/** The priorities of this process's threads, higher numbers for lower ones. */
function priorities(): number[] {
  return readdirSync('/proc/self/task').map((thread) => getPriority(Number(thread)));
}

it.runIf(process.platform === 'linux')(
  'a calibration waits while a person is served, in a thread of the lowest priority, and says so',
  async () => {
    await store.models.put({ name: 'go', ...describeModel(file) }, file);
    await store.models.setPrecision('go', 'int8');
    const before = priorities();
    quiet.began();
    await values();
    const ref = refOf((await store.models.get('go'))!);
    // It begins to wait when its thread asks for its first turn.
    while (quantizer.calibrationOf(ref) !== 'waits') await breathe();
    expect(quantizer.figures()).toEqual({ running: 0, waiting: 1 });
    expect(quantizer.calibrations).toEqual([{ ref, calibration: 'waits', isHeld: true }]);
    expect(priorities().filter((priority) => priority === 19)).toHaveLength(1);
    expect(before).not.toContain(19);
    expect((await store.models.get('go'))!.quantizationJson).toBe('');
    quiet.ended();
    while (quantizer.calibrationOf(ref) !== 'runs') await breathe();
    expect(formatCalibrations(quantizer.figures())).toContain('\ntengen_calibrations_running 1\n');
    await quantizer.idle();
    expect(quantizer.calibrationOf(ref)).toBe('none');
    expect((await store.models.get('go'))!.quantizationJson).not.toBe('');
  },
);

it('a calibration that waits for a person to be done ends when it is closed', async () => {
  await store.models.put({ name: 'go', ...describeModel(file) }, file);
  await store.models.setPrecision('go', 'int8');
  quiet.began();
  await values();
  await quantizer.close();
  expect((await store.models.get('go'))!.quantizationJson).toBe('');
});

it('a speedup is certain only if repeated measurements agree', () => {
  const certain = [3.1, 3.2, 3.15, 3.3, 3.0, 3.2];
  expect(isCertain(agreement(certain))).toBe(true);
  expect(agreement(certain).speedup).toBeCloseTo(3.175);
  expect(isCertain(agreement([...certain, 36.5]))).toBe(false);
  // As servers stored it that did not repeat the measurement.
  expect(isCertain({ speedup: 36.5 })).toBe(false);
});

it('eight bits are worth it only if they gain time and change neither policy nor value much', () => {
  const good: QuantizationReport = {
    positions: 1000,
    policyDivergence: 0.001,
    samePreference: 0.98,
    valueDistance: 0.004,
    speedup: 3,
  };
  expect(isWorthServing(good)).toBe(true);
  for (const worse of [
    { policyDivergence: 0.1 },
    { valueDistance: 0.1 },
    { speedup: 0.9 },
    { policyDivergence: NaN },
  ]) {
    expect(isWorthServing({ ...good, ...worse })).toBe(false);
  }
});
