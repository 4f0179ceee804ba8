/** The worker thread of a policy: a `Policy` behind messages. Ends when its owner asks. */

import { parentPort, workerData } from 'node:worker_threads';
import { AppError, assert } from '../../core/errors.js';
import { listen } from '../../engine/closing.js';
import { Policy, type PolicyOptions } from './policy.js';
import type { FromPolicy, PolicyCall, ToPolicy } from './policy-messages.js';

const port = parentPort;
assert(port !== null, 'policy-thread.ts runs as a worker thread');

const opening = Policy.open(workerData as PolicyOptions);
let queue: Promise<void> = reply(undefined, () => opening.then(() => undefined));

listen(port, {
  take({ id, asked }: ToPolicy) {
    queue = queue.then(() => reply(id, async () => answer(await opening, asked)));
  },
  async release() {
    await queue;
    await (await opening).close();
  },
});

async function reply(id: number | undefined, work: () => Promise<unknown>): Promise<void> {
  const place = id === undefined ? {} : { id };
  let message: FromPolicy;
  try {
    message = { ...place, value: await work() };
  } catch (error) {
    const { kind, message: text } = AppError.from(error);
    message = { ...place, error: { kind, message: text } };
  }
  port?.postMessage(message);
}

function answer(policy: Policy, asked: PolicyCall): Promise<unknown> {
  switch (asked.call) {
    case 'generate':
      return policy.generate(asked.request);
    case 'summarise':
      return policy.summarise(asked.prompts, asked.prefixTokens);
    case 'update':
      return policy.update(asked.request);
    case 'state':
      return policy.state();
  }
}
