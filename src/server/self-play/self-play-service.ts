/** SelfPlayService: leases games to workers, checks and stores what they send. */

import type { CallContext } from 'nice-grpc';
import type { SelfPlayServiceImplementation, WorkRequest, WorkResponse } from '../../proto/tengen/v1/self_play.js';
import { StoredTrees } from './stored-trees.js';
import type { SubmissionContext } from './take-submission.js';
import { WorkStream } from './work-stream.js';

/** The service, and its clockwork. */
export interface SelfPlay {
  readonly service: SelfPlayServiceImplementation;
  /** Offers games whose leases ran out to workers that wait; for a timer, and for tests with a clock of their own. */
  sweep(): void;
}

/** Makes the service over the lease book and the jobs. */
export function makeSelfPlayService(parts: Omit<SubmissionContext, 'trees'>): SelfPlay {
  const context = { ...parts, trees: new StoredTrees(parts.store.games) };
  const streams = new Set<WorkStream>();
  return {
    service: {
      async *work(requests: AsyncIterable<WorkRequest>, { signal }: CallContext): AsyncGenerator<WorkResponse> {
        const stream = new WorkStream(context);
        streams.add(stream);
        try {
          yield* stream.serve(requests, signal);
        } finally {
          streams.delete(stream);
        }
      },
    },
    sweep(): void {
      if (!context.book.hasFree) return;
      for (const stream of streams) stream.workChanged();
    },
  };
}
