/** The games that a job wants to be played. */

import type { Rules } from '../../go/rules.js';
import type { BranchSettings } from '../../methods/branching/settings.js';

/** How a game is to be searched; the same fields as SelfPlaySettings of the contract. */
export interface PlaySettings {
  readonly size: number;
  readonly rules: Rules;
  readonly visits: number;
  readonly cheapVisits: number;
  readonly fullSearchShare: number;
  readonly gumbelRoot: boolean;
  readonly gumbelActions: number;
  readonly temperatureMoves: number;
  readonly resignThreshold: number;
  readonly resignPlayoutShare: number;
  readonly maxMoves: number;
  readonly dirichletTotal: number;
  readonly lateTemperature: number;
  readonly earlyForkShare: number;
  readonly fullSearchAbove: number;
  /** Absent for single games. */
  readonly branching?: BranchSettings;
}

/** A rating game: `opening` is played first (Black to begin), then the two versions (name@version) take over. */
export interface MatchWork {
  readonly blackModel: string;
  readonly whiteModel: string;
  readonly opening: readonly number[];
}

/** One game to lease out. Exactly one of `modelVersion` and `match` is set. */
export interface Work {
  /** Unique over all runs of the job; a game submitted under it counts once. */
  readonly gameId: string;
  /** Seed of everything random in the game, from the job's seed and the number of the game; below 2³². */
  readonly seed: number;
  readonly settings: PlaySettings;
  /** name@version that plays both sides. */
  readonly modelVersion?: string;
  readonly match?: MatchWork;
}
