/** Processes of a benchmark, asked one thing at a time. */

import type { ChildProcess } from 'node:child_process';

/** Sends a message and waits for the answer. */
export function ask(child: ChildProcess, message: number | object): Promise<unknown> {
  const answered = answer(child);
  child.send(message);
  return answered;
}

/** The next message. Rejects if the process ends instead. */
export function answer(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null): void =>
      reject(new Error(`A process of the benchmark ended (${String(code)})`));
    child.once('exit', ended);
    child.once('message', (message) => {
      child.off('exit', ended);
      resolve(message);
    });
  });
}
