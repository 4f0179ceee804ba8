/** SelfPlayService: leases games to workers, checks and stores what they send. */

import type { CallContext, ServiceImplementation } from 'nice-grpc';
import type { WorkResponse } from '../../proto/tengen/v1/self_play.js';
import type { Parts } from '../parts.js';
import { service, type Service } from '../transport/service.js';
import { LeaseBook } from './lease-book.js';
import { StoredTrees } from './stored-trees.js';
import type { SubmissionContext } from './take-submission.js';
import { selfPlayService } from './work-message.js';
import type { WorkSource } from './work-source.js';
import { WorkStream, type ConnectedWorker } from './work-stream.js';

/** The service, and its clockwork. */
export interface SelfPlay {
  readonly service: ServiceImplementation<typeof selfPlayService>;
  /** Offers games whose leases ran out to workers that wait; for a timer, and for tests with a clock of their own. */
  sweep(): void;
  /** The workers that are connected, in the order in which they came. */
  workers(): readonly (ConnectedWorker & { readonly connectedAtMs: number })[];
}

/** The service over the games that were leased when the server ended. @param source the jobs */
export async function openSelfPlay({ config, logger, store, pools }: Parts, source: WorkSource): Promise<SelfPlay> {
  const book = await LeaseBook.open(store.leases, source, { now: Date.now, leaseMs: config.leaseSeconds * 1000 });
  return makeSelfPlayService({ book, source, store, logger, messages: pools.messages });
}

export function composeSelfPlay(selfPlay: SelfPlay): Service {
  return service(selfPlayService, selfPlay.service);
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
