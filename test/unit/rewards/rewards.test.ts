import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { readConfig } from '../../../src/core/config.js';
import { makeReward, rewardSchema, type OwningReward } from '../../../src/rewards/make-reward.js';
import { countFailures, type JudgedSample } from '../../../src/rewards/reward.js';
import { findSandbox } from '../../../src/rewards/sandbox.js';
import { exact, numeric } from '../../../src/rewards/verifiers.js';
import { skipWithout } from '../../support/needs.js';

const sandbox = await findSandbox();

function sample(completion: string, more: Partial<JudgedSample> = {}): JudgedSample {
  return { prompt: '6*7=', completion, answer: '42', family: 'mul', ...more };
}

function reward(settings: Record<string, unknown>): OwningReward {
  return makeReward(readConfig(rewardSchema, settings), { sandbox });
}

describe('verifiers', () => {
  it.each([
    ['42', true],
    [' 42\n', true],
    ['42 ', true],
    ['042', false],
    ['42!', false],
    ['', false],
  ])('exact takes %j: %s', (completion, isRight) => {
    expect(exact(completion, '42')).toBe(isRight);
  });

  it.each([
    ['042', '42', true],
    ['6 times 7 is 42.', '42', true],
    ['it was 42, now 43', '42', false],
    ['4.2e1', '42', true],
    ['1,024', '1024', true],
    ['-3', '3', false],
    ['', '0', false],
    ['0', 'none', false],
  ])('numeric compares %j with %s: %s', (completion, answer, isRight) => {
    expect(numeric(completion, answer)).toBe(isRight);
  });
});

describe('the verifier regex', () => {
  const judge = async (pattern: string, ...completions: string[]): Promise<number[]> => {
    const judging = reward({ verifier: 'regex', verifierPattern: pattern });
    const judged = await judging.score(completions.map((completion) => sample(completion)));
    await judging.close();
    return judged.map(({ correct }) => correct);
  };

  it('takes the last match of a pattern, or its group', async () => {
    expect(await judge('####(.*)$', '#### 41\nno\n#### 42', '42')).toEqual([1, 0]);
    expect(await judge('\\d+', '42 43')).toEqual([0]);
  });

  // `(a|a)*b` tries every way to divide the text: 2^40 of them.
  const endless = '^(?:(?:a|a)*b)?c$';
  const slow = 'a'.repeat(40);

  it('gives a pattern that never ends up after the time limit, while the main thread goes on', async () => {
    const judging = reward({ verifierTimeoutMs: 300, verifierConcurrency: 2 });
    let turns = 0;
    const ticking = setInterval(() => turns++, 10);
    const samples = [sample('42'), ...Array.from({ length: 6 }, () => sample(slow, { verifier: `regex:${endless}` }))];
    const judged = await judging.score([...samples, sample('so 42', { verifier: 'regex:(\\d+)' })]);
    clearInterval(ticking);
    await judging.close();
    expect(turns).toBeGreaterThan(0);
    expect(judged.map(({ correct }) => correct)).toEqual([1, 0, 0, 0, 0, 0, 0, 1]);
    expect(countFailures(judged)).toEqual({ 'time-out': 6 });
  });

  it('stops in the middle of a pattern when it is cancelled, or closed', async () => {
    const judging = reward({ verifier: 'regex', verifierPattern: endless, verifierTimeoutMs: 3_600_000 });
    const cancelled = new AbortController();
    const first = judging.score([sample(slow)], cancelled.signal);
    cancelled.abort();
    await expect(first).rejects.toMatchObject({ kind: 'cancelled' });
    // Waited for from the beginning: it rejects while the threads end.
    const second = expect(judging.score([sample(slow)])).rejects.toMatchObject({ kind: 'unavailable' });
    await judging.close();
    await second;
  });

  it('refuses what is no pattern, or too long a one', () => {
    expect(() => reward({ verifier: 'regex', verifierPattern: '(' })).toThrow(
      "The pattern '(' is no regular expression",
    );
    expect(() => reward({ verifier: 'regex', verifierPattern: 'a'.repeat(10_001) })).toThrow(
      'The pattern has 10001 characters; at most 10000 are allowed',
    );
  });
});

describe('makeReward', () => {
  it('multiplies rewards by the weight of the family and leaves correctness as it is', async () => {
    const judged = await reward({ rewardWeights: 'mul=2.5, add=0' }).score([
      sample('42'),
      sample('42', { family: 'add' }),
      sample('42', { family: '' }),
      sample('1'),
    ]);
    expect(judged).toEqual([
      { reward: 2.5, correct: 1 },
      { reward: 0, correct: 1 },
      { reward: 1, correct: 1 },
      { reward: 0, correct: 0 },
    ]);
  });

  it('lets a task say how it is judged, but neither a command nor an address', async () => {
    const judged = await reward({}).score([
      sample('so 42', { verifier: 'numeric' }),
      sample('so 42'),
      sample('<42>', { verifier: 'regex:<(.*)>' }),
      sample('42', { verifier: 'command' }),
      sample('42', { verifier: 'regex:(' }),
    ]);
    expect(judged.map(({ correct }) => correct)).toEqual([1, 0, 1, 0, 0]);
    expect(countFailures(judged)).toEqual({ 'unknown verifier': 2 });
  });

  it.each([
    [{ verifier: 'regex' }, 'The verifier regex needs a pattern'],
    [{ verifier: 'command' }, 'The verifier command needs a command'],
    [{ verifier: 'external' }, 'The verifier external needs rewardAddress'],
    [{ rewardWeights: 'mul' }, "rewardWeights has 'mul'; it must be FAMILY=WEIGHT, a number from 0 on"],
    [{ rewardWeights: 'mul=-1' }, "rewardWeights has 'mul=-1'"],
  ])('refuses %j', (settings, message) => {
    expect(() => reward(settings)).toThrow(message);
  });
});

describe('the verifier command', () => {
  it('compares what the command prints of a completion with the answer', async () => {
    const judged = await reward({ verifier: 'command', verifierCommand: 'tr a-z A-Z' }).score([
      sample('yes', { answer: 'YES' }),
      sample('no', { answer: 'no' }),
    ]);
    expect(judged).toEqual([
      { reward: 1, correct: 1 },
      { reward: 0, correct: 0 },
    ]);
  });

  it('tells it the prompt, the answer and the family', async () => {
    const command = 'echo "$1 $3 $2" | grep -q "6\\*7= mul 42" && echo 42';
    expect(await reward({ verifier: 'command', verifierCommand: command }).score([sample('')])).toEqual([
      { reward: 1, correct: 1 },
    ]);
  });

  it('counts crashes and time-outs by their reason, and judges the other samples', async () => {
    // Reads its input as a program; one of them leaves a process behind that keeps the output open.
    const judging = reward({ verifier: 'command', verifierCommand: 'sh', verifierTimeoutMs: 2000 });
    const completions = ['echo 42', 'exit 3', 'sleep 600', 'sleep 600 & echo 42', 'kill -9 $$', 'yes'];
    const judged = await judging.score(completions.map((completion) => sample(completion)));
    expect(judged.map(({ correct }) => correct)).toEqual([1, 0, 0, 1, 0, 0]);
    expect(countFailures(judged)).toEqual({ 'exit code': 2, 'time-out': 1, 'too much output': 1 });
  });

  it('refuses to be made where commands are not allowed', () => {
    const settings = readConfig(rewardSchema, { verifier: 'command', verifierCommand: 'true' });
    expect(() => makeReward(settings)).toThrow(
      'The verifier command runs a program; only a server that was started with --allow-commands lets jobs do that',
    );
  });

  it('gives a command nothing of the server but PATH, and a folder that goes with it', async () => {
    process.env['TENGEN_TOKEN'] = 'secret';
    const command =
      'env | cut -d= -f1 | sort | tr "\\n" " "; echo kept > file; ls "$HOME"; pwd >&2; [ "$PWD" = "$HOME" ]';
    const judging = reward({ verifier: 'command', verifierCommand: command });
    const left = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith('tengen-program-'));
    const before = left();
    const judged = await judging.score([sample('', { answer: 'HOME PATH PWD file' })]);
    delete process.env['TENGEN_TOKEN'];
    expect(judged).toEqual([{ reward: 1, correct: 1 }]);
    expect(left().filter((name) => !before.includes(name))).toEqual([]);
  });

  it('limits its memory and its files', async () => {
    const settings = { verifier: 'command', verifierCommand: 'sh', verifierMegabytes: 64, verifierTimeoutMs: 60_000 };
    const hungry = 'head -c 200000000 /dev/zero | tail -c 150000000 > /dev/null && echo 42';
    const large = 'head -c 100000000 /dev/zero > file && echo 42';
    const judged = await reward(settings).score([sample(hungry), sample(large), sample('echo 42')]);
    expect(judged.map(({ correct }) => correct)).toEqual([0, 0, 1]);
  });

  it('takes no prompt that a program cannot be given', async () => {
    const judging = reward({ verifier: 'command', verifierCommand: 'echo 42' });
    const judged = await judging.score([sample('', { prompt: 'a\0b' }), sample('', { prompt: 'x'.repeat(3_000_000) })]);
    expect(countFailures(judged)).toEqual({ 'not started': 2 });
  });

  it('gives it no network and no other processes, and ends what left its group, where there are namespaces', async ({
    skip,
  }) => {
    if (!sandbox.walls.includes('namespaces')) return skipWithout('namespaces', skip);
    const seconds = `${900_000 + process.pid}`;
    const isLeft = (): boolean => {
      const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
      return all.some((pid) => {
        const file = `/proc/${pid}/cmdline`;
        return existsSync(file) && readFileSync(file, 'utf8').includes(`sleep\0${seconds}`);
      });
    };
    const judging = reward({ verifier: 'command', verifierCommand: 'sh' });
    // The loopback device is the only one.
    const completion = `setsid sleep ${seconds} & grep -c : /proc/net/dev; readlink /proc/self/ns/pid`;
    const own = readlinkSync('/proc/self/ns/pid');
    const judged = await judging.score([
      sample(`${completion} | grep -vc '${own.replaceAll(/[[\]]/g, '\\$&')}'`, { answer: '1\n1' }),
    ]);
    expect(judged).toEqual([{ reward: 1, correct: 1 }]);
    while (isLeft()) await new Promise((resolve) => setImmediate(resolve));
  });

  it('stops when it is cancelled', async () => {
    const cancelled = new AbortController();
    const judging = reward({ verifier: 'command', verifierCommand: 'sleep 600' }).score([sample('')], cancelled.signal);
    cancelled.abort();
    await expect(judging).rejects.toMatchObject({ kind: 'cancelled' });
  });
});
