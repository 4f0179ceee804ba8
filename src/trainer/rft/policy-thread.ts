/** The code of a policy's thread. */

import { serveRuns } from '../../engine/closing.js';
import { openEngine } from '../../engine/open-engine.js';
import type { EngineSettings } from '../../engine/engine-settings.js';
import { inOrder } from '../../threads/serve.js';
import { Policy, type PolicyOptions, type PolicyPort } from './policy.js';

/** What a policy's thread starts with. */
export interface PolicyStart {
  readonly engine: EngineSettings;
  readonly options: PolicyOptions;
}

/** What a policy's thread is asked. */
export type PolicyCalls = Pick<PolicyPort, 'generate' | 'summarise' | 'update' | 'state'>;

await serveRuns(async ({ engine: settings, options }: PolicyStart) => {
  const engine = await openEngine(settings);
  const policy = await Policy.open(engine, options);
  const { calls, settled } = inOrder<PolicyCalls>({
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
