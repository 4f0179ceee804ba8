/** The code of a pool's thread: makes one call at a time. */

import { parentPort } from 'node:worker_threads';
import { sendError, transfersOf, type ThreadCall, type ThreadReply } from './messages.js';

const port = parentPort!;

function reply(message: ThreadReply, value?: unknown): void {
  port.postMessage(message, transfersOf(value));
}

async function call({ module, name, args }: ThreadCall): Promise<void> {
  try {
    const functions = (await import(module)) as Record<string, (...args: readonly unknown[]) => unknown>;
    reply('begins');
    const value = await functions[name]!(...args);
    reply({ value }, value);
  } catch (error) {
    reply({ error: sendError(error) });
  }
}

port.on('message', (message: ThreadCall) => void call(message));
