/** Opens policy models: in threads of their own, so that they never block the server's event loop, or in the calling thread. */

import { openEngine } from '../../engine/open-engine.js';
import type { EngineSettings } from '../../engine/engine-settings.js';
import { ServiceThread } from '../../threads/service-thread.js';
import { threadUrl } from '../../threads/thread-url.js';
import { PolicyModel, type PolicyModelOptions, type PolicyModelPort } from './policy-model.js';
import type { PolicyModelCalls, PolicyModelStart } from './policy-model-thread.js';

/** Opens the policy model of an `RftLoop`. */
export type OpenPolicyModel = (options: PolicyModelOptions) => Promise<PolicyModelPort>;

/** Starts a thread for each policy model; rejects as `PolicyModel.open` does. `close` ends the thread after the run under way. */
export function policyModelThread(engine: EngineSettings): OpenPolicyModel {
  return async (options) => {
    const url = threadUrl(import.meta.url, './policy-model-thread.js');
    const start: PolicyModelStart = { engine, options };
    const thread = await ServiceThread.open<PolicyModelCalls>({ name: 'policy-model', url, start });
    return {
      generate: (request) => thread.call('generate', request),
      summarise: (prompts, prefixTokens) => thread.call('summarise', prompts, prefixTokens),
      update: (request) => thread.call('update', request),
      state: () => thread.call('state'),
      close: () => thread.close(),
    };
  };
}

/** Opens policy models in the calling thread, which they block. */
export function policyModelHere(engine: EngineSettings): OpenPolicyModel {
  return async (options) => PolicyModel.open(await openEngine(engine), options);
}
