/** A policy in a thread of its own, so that it never blocks the server's event loop. */

import { ServiceThread } from '../../threads/service-thread.js';
import { threadUrl } from '../../threads/thread-url.js';
import type { PolicyOptions, PolicyPort } from './policy.js';
import type { PolicyCalls } from './policy-thread.js';

/** Starts the thread; rejects as `Policy.open` does. Its `close` ends the thread after the run under way. */
export async function openPolicyThread(options: PolicyOptions): Promise<PolicyPort> {
  const url = threadUrl(import.meta.url, './policy-thread.js');
  const thread = await ServiceThread.open<PolicyCalls>({ name: 'policy', url, start: options });
  return {
    generate: (request) => thread.call('generate', request),
    summarise: (prompts, prefixTokens) => thread.call('summarise', prompts, prefixTokens),
    update: (request) => thread.call('update', request),
    state: () => thread.call('state'),
    close: () => thread.close(),
  };
}
