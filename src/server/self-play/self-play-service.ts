/** SelfPlayService: leases games to workers, checks and stores what they send. */

import type { CallContext, ServiceImplementation } from 'nice-grpc';
import type { WorkResponse } from '../../proto/tengen/v1/self_play.js';
import { StoredTrees } from './stored-trees.js';
import type { SubmissionContext } from './take-submission.js';
import type { selfPlayService } from './work-message.js';
import { WorkStream, type ConnectedWorker } from './work-stream.js';

/** The service, and its clockwork. */
export interface SelfPlay {
  readonly service: ServiceImplementation<typeof selfPlayService>;
  /** Offers games whose leases ran out to workers that wait; for a timer, and for tests with a clock of their own. */
  sweep(): void;
  /** The workers that are connected, in the order in which they came. */
  workers(): readonly (ConnectedWorker & { readonly connectedAtMs: number })[];
}

/** Makes the service over the lease book and the jobs. */
export function makeSelfPlayService(parts: Omit<SubmissionContext, 'trees'>): SelfPlay {
  const context = { ...parts, trees: new StoredTrees(parts.store.games) };
  const streams = new Map<WorkStream, number>();
  return {
    service: {
      async *work(requests: AsyncIterable<Uint8Array>, { signal }: CallContext): AsyncGenerator<WorkResponse> {
        const stream = new WorkStream(context);
        streams.set(stream, Date.now());
        try {
          yield* stream.serve(requests, signal);
        } finally {
          streams.delete(stream);
        }
      },
    },
    sweep(): void {
      if (!context.book.hasFree) return;
      for (const stream of streams.keys()) stream.workChanged();
    },
    workers() {
      return [...streams].flatMap(([{ worker }, connectedAtMs]) => (worker ? [{ ...worker, connectedAtMs }] : []));
    },
  };
}
