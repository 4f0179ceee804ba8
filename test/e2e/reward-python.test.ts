import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readConfig } from '../../src/core/config.js';
import { makeReward, rewardSchema } from '../../src/rewards/make-reward.js';
import type { JudgedSample } from '../../src/rewards/reward.js';
import { connectReward, type ExternalReward } from '../../src/server/external-reward.js';
import { skipWithout } from '../support/needs.js';
import { pythonWithGrpc } from '../support/python.js';

const script = join(import.meta.dirname, '../../clients/python/reward.py');
const python = pythonWithGrpc();
let child: ChildProcess | undefined;
let address = '';
const connected: ExternalReward[] = [];

beforeAll(async () => {
  if (!python) return;
  child = spawn(python, [script, '127.0.0.1:0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const line of createInterface({ input: child.stdout! })) {
    address = line;
    break;
  }
});
afterAll(async () => {
  for (const reward of connected) reward.close();
  if (!child || child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
});

function connect(to: string, timeoutMs = 10_000): ExternalReward {
  const reward = connectReward(to, timeoutMs);
  connected.push(reward);
  return reward;
}

function sample(completion: string, answer = '42'): JudgedSample {
  return { prompt: '6*7=', completion, answer, family: 'mul' };
}

it('a Python process judges completions, weights by family apply, and what it cannot judge is counted', async ({
  skip,
}) => {
  if (!python) return skipWithout('grpc', skip);
  const settings = { verifier: 'external', rewardAddress: address, rewardWeights: 'mul=2' };
  const reward = makeReward(readConfig(rewardSchema, settings), { connect });
  const judged = await reward.score([sample('42'), sample('it is 42'), sample('7'), sample('42', 'forty-two')]);
  expect(judged).toEqual([
    { reward: 2.1, correct: 1 },
    { reward: 2 * (1 + 0.1 / 4), correct: 1 },
    { reward: 0, correct: 0 },
    { reward: 0, correct: 0, failure: 'ValueError' },
  ]);
});

it('a large batch is sent in parts and comes back in its order', async ({ skip }) => {
  if (!python) return skipWithout('grpc', skip);
  const batch = Array.from({ length: 700 }, (_, i) => sample(String(i), i % 3 === 0 ? String(i) : '-1'));
  const judged = await connect(address).score(batch);
  expect(judged.map(({ correct }) => correct)).toEqual(batch.map((_, i) => (i % 3 === 0 ? 1 : 0)));
});

it('a process that is gone fails the samples and not the job', async ({ skip }) => {
  if (!python || !child) return skipWithout('grpc', skip);
  const reward = connect(address);
  expect(await reward.score([sample('42')])).toMatchObject([{ correct: 1 }]);
  child.kill('SIGKILL');
  await once(child, 'exit');
  const judged = await reward.score([sample('42'), sample('42')]);
  expect(judged).toEqual(Array(2).fill({ reward: 0, correct: 0, failure: 'reward service: UNAVAILABLE' }));
});

it('a call without an answer fails its samples after the time allowed, and a cancelled one rejects', async () => {
  const silent = createServer(() => undefined).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const { port } = silent.address() as { port: number };
  try {
    const judged = await connect(`127.0.0.1:${port}`, 50).score([sample('42')]);
    expect(judged).toEqual([{ reward: 0, correct: 0, failure: 'reward service: time-out' }]);
    const cancelled = new AbortController();
    const judging = connect(`127.0.0.1:${port}`).score([sample('42')], cancelled.signal);
    cancelled.abort();
    await expect(judging).rejects.toMatchObject({ kind: 'cancelled' });
  } finally {
    silent.close();
  }
});
