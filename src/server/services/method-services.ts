/** The services of methods that keep nothing between calls, made in threads. */

import { BranchingServiceDefinition } from '../../proto/tengen/v1/branching.js';
import { SchedulingServiceDefinition } from '../../proto/tengen/v1/scheduling.js';
import { threadModule, type ThreadPool } from '../../threads/pool.js';
import type { Parts } from '../parts.js';
import type { Service } from '../transport/service.js';
import { threadedService, type ThreadedService } from '../transport/threaded-service.js';
import type * as branching from './branching-calls.js';
import type * as scheduling from './scheduling-calls.js';

export function composeBranching({ pools }: Parts): Service {
  return branchingService(pools.work);
}

export function composeScheduling({ pools }: Parts): Service {
  return schedulingService(pools.work);
}

export function branchingService(pool: ThreadPool): ThreadedService<BranchingServiceDefinition> {
  const calls = threadModule<typeof branching>(import.meta.url, './branching-calls.js');
  return threadedService(BranchingServiceDefinition, calls, pool);
}

export function schedulingService(pool: ThreadPool): ThreadedService<SchedulingServiceDefinition> {
  const calls = threadModule<typeof scheduling>(import.meta.url, './scheduling-calls.js');
  return threadedService(SchedulingServiceDefinition, calls, pool);
}
