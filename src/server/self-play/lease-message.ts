/** Leases → messages. */

import type * as pb from '../../proto/tengen/v1/self_play.js';
import { branchSettingsToWire } from '../../wire/branching.js';
import { rulesToWire } from '../../wire/rules.js';
import type { LeasedGame } from './lease-book.js';

/**
 * A granted lease as its worker receives it.
 *
 * @param variations of a tree: what is stored of it, in order
 */
export function leaseToWire(
  { leaseId, jobId, work }: LeasedGame,
  leaseMs: number,
  variations: pb.GameRecord[],
): pb.Lease {
  const { gameId, modelVersion, seed, settings, match } = work;
  return {
    leaseId,
    jobId,
    gameId,
    modelVersion: modelVersion ?? '',
    seed: BigInt(seed),
    settings: {
      ...settings,
      rules: rulesToWire(settings.rules),
      branching: settings.branching && branchSettingsToWire(settings.branching),
    },
    expiresInMs: Math.round(leaseMs),
    match: match && { ...match, opening: [...match.opening] },
    variations,
  };
}
