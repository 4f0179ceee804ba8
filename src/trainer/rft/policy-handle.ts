/** A policy where it is wanted: in a thread of its own, so that it never blocks the server's event loop, or here. */

import { openEngine } from '../../engine/open-engine.js';
import type { EngineSettings } from '../../engine/engine-settings.js';
import { ServiceThread } from '../../threads/service-thread.js';
import { threadUrl } from '../../threads/thread-url.js';
import { Policy, type PolicyOptions, type PolicyPort } from './policy.js';
import type { PolicyCalls, PolicyStart } from './policy-thread.js';

/** Opens a loop's model. */
export type OpenPolicy = (options: PolicyOptions) => Promise<PolicyPort>;

/** Starts a thread for each policy; rejects as `Policy.open` does. `close` ends the thread after the run under way. */
export function policyThread(engine: EngineSettings): OpenPolicy {
  return async (options) => {
    const url = threadUrl(import.meta.url, './policy-thread.js');
    const start: PolicyStart = { engine, options };
    const thread = await ServiceThread.open<PolicyCalls>({ name: 'policy', url, start });
    return {
      generate: (request) => thread.call('generate', request),
      summarise: (prompts, prefixTokens) => thread.call('summarise', prompts, prefixTokens),
      update: (request) => thread.call('update', request),
      state: () => thread.call('state'),
      close: () => thread.close(),
    };
  };
}

/** Opens policies in the calling thread, which they block. */
export function policyHere(engine: EngineSettings): OpenPolicy {
  return async (options) => Policy.open(await openEngine(engine), options);
}
