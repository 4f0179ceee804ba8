/** CurriculumService: all that there is of a curriculum is its stream, and each stream has a thread. */

import type { CallContext } from 'nice-grpc';
import { CurriculumServiceDefinition } from '../../proto/tengen/v1/curriculum.js';
import { threadModule, type ThreadPool } from '../../threads/pool.js';
import type { Parts } from '../parts.js';
import { answerOf } from '../transport/carry-out.js';
import type { Service } from '../transport/service.js';
import { byteDefinition, ownRequest, type ByteDefinition } from '../transport/threaded-service.js';
import type * as stream from './curriculum-stream.js';

const module = threadModule<typeof stream>(import.meta.url, './curriculum-stream.js');

/** The service over bytes. */
interface CurriculumService {
  readonly definition: ByteDefinition<CurriculumServiceDefinition>;
  readonly implementation: {
    readonly draw: (requests: AsyncIterable<Uint8Array>, context: CallContext) => AsyncGenerator<Uint8Array>;
  };
}

export function composeCurriculum({ pools }: Parts): Service {
  return curriculumService(pools.curricula);
}

/** Makes the service; as many streams at once as `pool` has threads. */
function curriculumService(pool: ThreadPool): CurriculumService {
  return {
    definition: byteDefinition(CurriculumServiceDefinition),
    implementation: {
      async *draw(requests, { signal }) {
        const thread = await pool.hold(signal);
        let received = 0;
        try {
          for await (const message of requests) {
            const own = ownRequest(message);
            const taken = await thread.run(module, 'take', [own, received++ === 0], { transfer: [own.buffer] });
            const answer = answerOf(taken, received);
            if (answer) yield answer;
          }
          await thread.run(module, 'end', []);
        } finally {
          thread.release();
        }
      },
    },
  };
}
