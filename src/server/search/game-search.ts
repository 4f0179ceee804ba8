/** In a search thread: one search of a game's position, from its request to its final report. */

import type { AnsweredPrecision } from '../../core/precision.js';
import type { AppError } from '../../core/errors.js';
import { Rng } from '../../core/rng.js';
import type { Color } from '../../go/color.js';
import type { GoEvaluation } from '../../go/evaluation.js';
import type { Position } from '../../go/position.js';
import type { GameState } from '../../player/game-state.js';
import { chooseMove, looksLost } from '../../player/move-choice.js';
import type { Opinion } from '../../player/opinion.js';
import type { EvaluatorFor, Thinker } from '../../player/thinker.js';
import type { ChosenMove, MoveChoice, SearchReport, StartSearch } from '../../proto/tengen/v1/search.js';
import { Precision } from '../../proto/tengen/v1/precision.js';
import { evaluationsToWire } from '../../wire/evaluation.js';
import { reportToWire, type ReportParts } from '../../wire/search-report.js';
import { wirePrecisions } from '../../wire/precision.js';
import { seedFromWire } from '../../wire/whole-numbers.js';
import { toRequestError } from '../transport/status.js';
import { choiceConfig, type SearchPlan } from './start-search.js';
import type { Grant } from './thread-messages.js';

/** What one search is made of. */
export interface GameSearchOptions {
  readonly requestId: bigint;
  readonly state: GameState;
  readonly asked: StartSearch;
  readonly plan: SearchPlan;
  readonly grant: Grant;
  readonly thinker: Thinker;
  /** What the thinker asks, for what the network alone says. */
  readonly evaluatorFor: EvaluatorFor;
  /** Ends the search. */
  readonly stop: AbortController;
  /** Searches in a row for a player that looked lost; changed by a search that chooses a move. */
  readonly hopeless: Map<Color, number>;
  /** What ended the search early although it has something to say, if anything has. */
  readonly trouble: () => AppError | undefined;
  /** In which the positions are evaluated; undefined before the first answer of the game. */
  readonly precision: () => AnsweredPrecision | undefined;
}

/** Searches once. */
export class GameSearch {
  readonly #options: GameSearchOptions;
  readonly #root: Position;

  constructor(options: GameSearchOptions) {
    this.#options = options;
    const { state, plan } = options;
    this.#root = state.positionFor(plan.player ?? state.position.toMove);
    if (options.asked.ignoreHistory) this.#root.forgetMoves();
  }

  /** Gives reports to `report` as they are asked for, and returns the final one. @throws AppError as `Thinker.think` does */
  async run(report: (report: SearchReport) => void): Promise<SearchReport> {
    const { asked, plan, grant, stop, state, thinker } = this.#options;
    const ownTime = asked.fullTime ? plan.timeMs : Infinity;
    const timer = setTimeout(() => stop.abort(), Math.min(grant.longestMs, ownTime));
    try {
      const evaluation = asked.network ? await this.#askNetwork() : undefined;
      const network = evaluation && evaluationsToWire([evaluation])[0];
      const search = thinker.think(state, this.#root, {
        visits: Math.min(asked.visits, grant.visits),
        timeMs: asked.fullTime ? Infinity : plan.timeMs,
        stop: stop.signal,
        reportMs: plan.reportMs,
        reportSoon: asked.reportSoon,
        ownership: asked.ownership || asked.movesOwnership,
        restrictions: plan.restrictions,
      });
      let step = await search.next();
      for (; !step.done; step = await search.next()) report(this.#reportOf(step.value, { network }));
      return this.#reportOf(step.value, {
        isFinal: true,
        network,
        chosen: asked.choose && this.#choose(step.value, asked.choose),
        trouble: this.#trouble(),
      });
    } finally {
      clearTimeout(timer);
    }
  }

  #reportOf(opinion: Opinion, last: Partial<ReportParts> = {}): SearchReport {
    const { asked, grant } = this.#options;
    const precision = this.#options.precision();
    return reportToWire(opinion, asked, {
      isFinal: false,
      modelVersion: grant.modelVersion,
      precision: precision ? wirePrecisions[precision] : Precision.UNSPECIFIED,
      toMove: this.#root.toMove,
      network: undefined,
      chosen: undefined,
      trouble: undefined,
      grantedVisits: grant.visits < asked.visits ? grant.visits : 0,
      ...last,
    });
  }

  /** What the network says of the root; undefined if the search was stopped first. */
  async #askNetwork(): Promise<GoEvaluation | undefined> {
    const { asked, evaluatorFor, stop } = this.#options;
    const evaluator = evaluatorFor(asked.ownership || asked.movesOwnership);
    try {
      return (await evaluator.evaluate([this.#root], { signal: stop.signal }))[0];
    } catch (error) {
      if (stop.signal.aborted) return undefined;
      throw error;
    }
  }

  #choose(opinion: Opinion, choose: MoveChoice): ChosenMove | undefined {
    if (opinion.candidates.length === 0) return undefined;
    const { hopeless } = this.#options;
    const config = choiceConfig(choose);
    const { toMove } = this.#root;
    const hopelessTurns = looksLost(opinion, config.resignBelow) ? (hopeless.get(toMove) ?? 0) + 1 : 0;
    hopeless.set(toMove, hopelessTurns);
    const rng = new Rng(seedFromWire(choose.seed));
    const choice = chooseMove(opinion, { position: this.#root, config, hopelessTurns, mayPass: !choose.cleanUp, rng });
    return choice === 'resign' ? { resign: true, move: 0 } : { resign: false, move: choice };
  }

  #trouble(): SearchReport['trouble'] {
    const trouble = this.#options.trouble();
    return trouble && toRequestError(trouble, String(this.#options.requestId));
  }
}
