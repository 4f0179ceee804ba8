/** One game to play, as a lease describes it. */

import { check } from '../../src/core/errors.js';
import type { Seed } from '../../src/core/rng.js';
import { checkRules, checkSize, type Rules } from '../../src/go/rules.js';
import type { BranchSettings } from '../../src/methods/branching/settings.js';
import type * as pb from '../../src/proto/tengen/v1/self_play.js';
import { branchSettingsFromWire } from '../../src/wire/branching.js';
import { rulesFromWire } from '../../src/wire/rules.js';
import { seedFromWire } from '../../src/wire/whole-numbers.js';

/** How a game is searched; the fields and their meaning are those of SelfPlaySettings in the contract. */
export interface PlaySettings extends Omit<pb.SelfPlaySettings, 'rules' | 'branching'> {
  readonly rules: Rules;
  /** Absent for single games. */
  readonly branching?: BranchSettings;
}

/** A rating game between two versions (name@version). */
export interface MatchTask {
  readonly blackModel: string;
  readonly whiteModel: string;
  readonly opening: readonly number[];
}

/** Everything that a game depends on, beside the evaluations. */
export interface GameTask {
  readonly gameId: string;
  readonly jobId: string;
  /** The version that plays both sides; empty for a match. */
  readonly modelVersion: string;
  readonly seed: Seed;
  readonly settings: PlaySettings;
  readonly match?: MatchTask;
}

/** @throws AppError 'invalid-argument' if the lease is not one that this worker can play */
export function taskFromLease(lease: pb.Lease): GameTask {
  const { gameId, jobId, modelVersion, seed, settings, match } = lease;
  check(settings !== undefined, () => `The lease of game '${gameId}' has no settings`);
  const { size, visits, maxMoves } = settings;
  checkSize(size);
  const rules = rulesFromWire(settings.rules);
  checkRules(rules, size);
  check(
    visits >= 1 && maxMoves >= 1,
    () => `The lease allows ${visits} visits and ${maxMoves} moves; both must be at least 1`,
  );
  check(modelVersion !== '' || match !== undefined, () => `The lease of game '${gameId}' names no model`);
  const { branching: branchingMessage, ...same } = settings;
  const branching = branchingMessage && branchSettingsFromWire(branchingMessage);
  return {
    gameId,
    jobId,
    modelVersion,
    seed: seedFromWire(seed),
    settings: { ...same, rules, ...(branching && { branching }) },
    ...(match && { match }),
  };
}
