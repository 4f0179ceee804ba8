/** How this server judges the completions of jobs. */

import { makeReward, type OwningReward, type RewardConfig } from '../rewards/make-reward.js';
import { findSandbox, type Sandbox } from '../rewards/sandbox.js';
import { connectReward } from './external-reward.js';
import type { Parts } from './parts.js';

/** What makes a job's reward from its settings. */
export async function jobRewards({ config, logger }: Parts): Promise<(settings: RewardConfig) => OwningReward> {
  const sandbox = config.allowCommands ? await sandboxOf(logger) : undefined;
  return (settings) => makeReward(settings, { connect: connectReward, sandbox });
}

/** What programs of jobs run behind on this system; the log says how far it keeps them from the server. */
async function sandboxOf(logger: Parts['logger']): Promise<Sandbox> {
  const sandbox = await findSandbox();
  if (sandbox.walls.length > 0) logger.info({ walls: sandbox.walls }, 'commands-allowed');
  else logger.warn({ walls: [] }, 'commands-allowed-with-the-rights-of-the-server');
  return sandbox;
}
