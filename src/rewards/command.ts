/**
 * The verifier of programs: a command of the user's gets the completion on its standard input, and what it prints is compared
 * with the answer. `python3 -I -` runs completions that are programs; a checker of one's own may print anything.
 *
 * The command runs with the rights of this process, and so does what it makes of a completion: it belongs in a sandbox.
 */

import { spawn, type ChildProcessByStdio } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { check } from '../core/errors.js';
import { throwIfAborted } from '../core/signals.js';
import { failed, type JudgedSample, type Judgement, type Reward } from './reward.js';

/** How a command is run. */
export interface CommandOptions {
  /** For `sh -c`; the prompt, the answer and the family are in TENGEN_PROMPT, TENGEN_ANSWER and TENGEN_FAMILY. */
  readonly command: string;
  /** After this the command and what it started are killed. */
  readonly timeoutMs: number;
  /** Commands at once. */
  readonly concurrency: number;
}

/** Output beyond this fails the sample. */
const MAX_OUTPUT_BYTES = 1024 * 1024;

type Ended = { readonly output: string } | { readonly failure: string };
type Child = ChildProcessByStdio<Writable, Readable, null>;

/**
 * Judges by what a command prints. Failures: 'time-out', 'exit code', 'too much output', 'not started'.
 *
 * @throws AppError 'invalid-argument' if there is no command
 */
export function commandReward(options: CommandOptions): Reward {
  check(options.command.trim() !== '', 'The verifier command needs a command');
  return {
    async score(batch, signal) {
      const judgements: Judgement[] = [];
      let next = 0;
      const work = async (): Promise<void> => {
        for (let i = next++; i < batch.length; i = next++) {
          throwIfAborted(signal);
          judgements[i] = await judge(batch[i]!, options, signal);
        }
      };
      await Promise.all(Array.from({ length: Math.min(options.concurrency, batch.length) }, work));
      throwIfAborted(signal);
      return judgements;
    },
  };
}

async function judge(sample: JudgedSample, options: CommandOptions, signal?: AbortSignal): Promise<Judgement> {
  const ended = await runCommand(sample, options, signal);
  if ('failure' in ended) return failed(ended.failure);
  const correct = ended.output.trim() === sample.answer.trim() ? 1 : 0;
  return { reward: correct, correct };
}

function runCommand(sample: JudgedSample, options: CommandOptions, signal?: AbortSignal): Promise<Ended> {
  const child = start(sample, options.command);
  return new Promise((resolve) => {
    let output = '';
    let failure: string | undefined;
    const stop = (reason: string): void => {
      failure ??= reason;
      killGroup(child);
    };
    const timer = setTimeout(() => {
      stop('time-out');
    }, options.timeoutMs);
    const abort = (): void => {
      stop('cancelled');
    };
    signal?.addEventListener('abort', abort, { once: true });
    const end = (ended: Ended): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      // What the command left running in the background must not outlive it.
      killGroup(child);
      resolve(ended);
    };
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
      if (output.length > MAX_OUTPUT_BYTES) stop('too much output');
    });
    child.once('error', () => {
      end({ failure: 'not started' });
    });
    child.once('exit', (code) => {
      if (code !== 0) failure ??= 'exit code';
      // A process that it left behind may hold the output open for ever.
      killGroup(child);
    });
    child.once('close', () => {
      end(failure === undefined ? { output } : { failure });
    });
  });
}

function start({ prompt, completion, answer, family }: JudgedSample, command: string): Child {
  const child = spawn('/bin/sh', ['-c', command], {
    stdio: ['pipe', 'pipe', 'ignore'],
    // A group of its own, which can be killed whole.
    detached: true,
    env: { ...process.env, TENGEN_PROMPT: prompt, TENGEN_ANSWER: answer, TENGEN_FAMILY: family },
  });
  // A command may end without reading.
  child.stdin.on('error', () => undefined);
  child.stdin.end(completion);
  return child;
}

function killGroup(child: Child): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It has ended already.
  }
}
