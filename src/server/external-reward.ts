/** The verifier external: calls the RewardService of another process. A call that fails costs its samples, not the job. */

import { ChannelCredentials, createChannel, createClient } from 'nice-grpc';
import { ClientError, Status } from 'nice-grpc-common';
import { AppError } from '../core/errors.js';
import { throwIfAborted } from '../core/signals.js';
import { RewardServiceDefinition, type RewardJudgement, type ScoreRequest } from '../proto/tengen/v1/reward.js';
import { failed, type JudgedSample, type Judgement, type Reward } from '../rewards/reward.js';

/** Samples of a call, as the contract says. */
const MAX_BATCH = 256;

/** A reward that can be closed. */
export interface ExternalReward extends Reward {
  /** Ends the connection to the reward service. */
  close(): void;
}

/**
 * Calls the service at `address`, without TLS. Failures: 'reward service: STATUS', 'reward service: wrong count', 'reward
 * service: not a number', or what the service says.
 *
 * @param timeoutMs after which a call has failed
 */
export function connectReward(address: string, timeoutMs: number): ExternalReward {
  const channel = createChannel(address, ChannelCredentials.createInsecure(), {
    // A reward that is started again is found again soon.
    'grpc.initial_reconnect_backoff_ms': 200,
    'grpc.max_reconnect_backoff_ms': 2_000,
  });
  const client = createClient(RewardServiceDefinition, channel);
  const call = async (batch: readonly JudgedSample[], signal?: AbortSignal): Promise<Judgement[]> => {
    const limit = AbortSignal.timeout(timeoutMs);
    try {
      const request: ScoreRequest = { samples: batch.map((sample) => ({ ...sample })) };
      const { judgements } = await client.score(request, { signal: signal ? AbortSignal.any([signal, limit]) : limit });
      if (judgements.length === batch.length) return judgements.map(fromWire);
      return batch.map(() => failed('reward service: wrong count'));
    } catch (error) {
      throwIfAborted(signal);
      const reason = limit.aborted ? 'time-out' : error instanceof ClientError ? Status[error.code] : undefined;
      if (reason === undefined) throw AppError.from(error);
      return batch.map(() => failed(`reward service: ${reason}`));
    }
  };
  return {
    async score(batch, signal) {
      const judgements: Judgement[] = [];
      for (let start = 0; start < batch.length; start += MAX_BATCH) {
        judgements.push(...(await call(batch.slice(start, start + MAX_BATCH), signal)));
      }
      return judgements;
    },
    close: () => {
      channel.close();
    },
  };
}

function fromWire({ reward, correct, failure }: RewardJudgement): Judgement {
  if (failure !== '') return failed(failure);
  // One reward that is not a number would make every weight of the model one.
  if (!Number.isFinite(reward)) return failed('reward service: not a number');
  return { reward, correct: correct ? 1 : 0 };
}
