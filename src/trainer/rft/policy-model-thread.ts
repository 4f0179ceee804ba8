/** The code of the thread of a policy model. */

import { serveRuns } from '../../engine/closing.js';
import { openEngine } from '../../engine/open-engine.js';
import type { EngineSettings } from '../../engine/engine-settings.js';
import { inOrder } from '../../threads/serve.js';
import { PolicyModel, type PolicyModelOptions, type PolicyModelPort } from './policy-model.js';

/** What the thread of a policy model starts with. */
export interface PolicyModelStart {
  readonly engine: EngineSettings;
  readonly options: PolicyModelOptions;
}

/** What the thread of a policy model is asked. */
export type PolicyModelCalls = Pick<PolicyModelPort, 'generate' | 'summarise' | 'update' | 'state'>;

await serveRuns(async ({ engine: settings, options }: PolicyModelStart) => {
  const engine = await openEngine(settings);
  const policy = await PolicyModel.open(engine, options);
  const { calls, settled } = inOrder<PolicyModelCalls>({
    generate: (request) => policy.generate(request),
    summarise: (prompts, prefixTokens) => policy.summarise(prompts, prefixTokens),
    update: (request) => policy.update(request),
    state: () => policy.state(),
  });
  return {
    calls,
    async release() {
      await settled();
      await policy.close();
      await engine.close();
    },
  };
});
