import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cpuEngine } from '../../../src/engine/engine-settings.js';
import { jobWorld } from '../../../src/server/job-world.js';
import { JobRunner } from '../../../src/server/jobs.js';
import { openSqliteStore } from '../../../src/store/sqlite/sqlite-store.js';
import type { Store } from '../../../src/store/store.js';
import { countKind } from '../../support/counting-kind.js';

let dataDir: string;
let store: Store;
let runner: JobRunner;

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'tengen-count-'));
  store = await openSqliteStore({ dataDir, now: () => 5 });
  runner = makeRunner();
});
afterEach(async () => {
  await runner.close();
  await store.close();
  rmSync(dataDir, { recursive: true });
});

function makeRunner(): JobRunner {
  const kinds = [countKind(jobWorld(store, cpuEngine, () => undefined))];
  return new JobRunner({ store, kinds, logger: pino({ level: 'silent' }), now: () => 5 });
}

/** The events of a job with their steps; `until` is called for each as it comes. */
async function follow(
  jobId: string,
  until: (event: string, step: number) => void = () => undefined,
): Promise<string[]> {
  const events: string[] = [];
  for await (const { progress } of runner.watch(jobId, 0, new AbortController().signal)) {
    if (!progress || progress.event === 'state') continue;
    events.push(`${progress.event} ${String(progress.metrics['step'])}`);
    until(progress.event, progress.metrics['step']!);
  }
  return events;
}

describe('a job in one file', () => {
  it('makes its steps, evaluates, keeps checkpoints and ends', async () => {
    const { jobId } = await runner.create('count', 'm', { steps: 6, evaluationSteps: 4 });
    expect(await follow(jobId)).toEqual([
      ...['train 1', 'train 2', 'train 3', 'train 4', 'evaluation 4', 'train 5', 'train 6', 'evaluation 6'],
      'promotion 6',
    ]);
    expect((await runner.get(jobId)).state).toBe('done');
  });

  it('is cancelled, resumed, and goes on where it stood', async () => {
    const { jobId } = await runner.create('count', 'm', { steps: 100_000 });
    await follow(jobId, (_, step) => void (step === 3 && runner.cancel(jobId)));
    expect((await runner.get(jobId)).state).toBe('cancelled');
    const kept = Number(new TextDecoder().decode(await store.checkpoints.load(jobId)));
    expect(kept).toBeGreaterThanOrEqual(3);
    await runner.close();
    runner = makeRunner();
    await runner.resume(jobId);
    const events = await follow(jobId, (_, step) => void (step === kept + 2 && runner.cancel(jobId)));
    expect(events.indexOf(`train ${kept + 1}`)).toBe(events.lastIndexOf(`train ${kept + 1}`));
    expect(events).toContain(`train ${kept + 2}`);
  });

  it('refuses what its settings do not allow', async () => {
    await expect(runner.create('count', 'm', { steps: 0 })).rejects.toThrow(/steps.* 0/);
  });

  it('is the file that the guide shows', () => {
    const file = readFileSync(new URL('../../support/counting-kind.ts', import.meta.url), 'utf8');
    expect(file.split('\n').length).toBeLessThanOrEqual(80);
    expect(readFileSync(new URL('../../../docs/extending.md', import.meta.url), 'utf8')).toContain(file);
  });
});
