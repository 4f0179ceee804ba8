/**
 * KataGo's parallel analysis engine: lines of JSON in, lines of JSON out, in the order in which positions are done.
 * Source: KataGo, docs/Analysis_Engine.md. Every position of a query has exactly one answer that is not `isDuringSearch`.
 */

import { AppError } from '../../src/core/errors.js';
import { formatVertex } from '../../src/go/vertex.js';
import { GameState } from '../../src/player/game-state.js';
import { tuningOf } from '../../src/player/search-parameters.js';
import type { GamePrecision } from '../shared/game-precision.js';
import type { LineReader } from '../shared/lines.js';
import type { ModelFacts } from '../shared/model-watch.js';
import { answerAction, type TerminateRequest } from './actions.js';
import type { AnalysisConfig } from './config.js';
import { isObject, isWithinDepth, shown, type Complaint } from './fields.js';
import { PositionQueue, type Prioritized } from './position-queue.js';
import { QueriedGame } from './queried-game.js';
import { parseQuery, type AnalysisQuery } from './query.js';
import {
  LocalRootThinker,
  PlacedRootThinker,
  type GameEvaluator,
  type RootThinker,
  type RootThinkerOptions,
} from './root-thinker.js';
import type { SearchSlots } from './search-slots.js';
import { formatAnswer, noResults, type Answer } from './report.js';

export interface AnalysisEngineOptions {
  readonly config: AnalysisConfig;
  readonly version: string;
  /** In which positions are analysed; shared with other conversations. */
  readonly slots: SearchSlots;
  readonly evaluatorFor: (ownership: boolean) => GameEvaluator;
  /** A thinker on the server, if searches are to be made there. */
  readonly remote?: (options: RootThinkerOptions) => Promise<RootThinker | undefined>;
  /** The model; throws while nothing is known of it. */
  readonly model: () => Promise<ModelFacts>;
  /**
   * Whether warnings of a query are part of the first answer for each of its turns; otherwise each is a line of its own, which
   * KaTrain's remote engine takes for the whole answer.
   */
  readonly warnsInAnswers?: boolean;
  /** Writes one line; whoever answers waits for it. */
  readonly write: (line: string) => Promise<void>;
  /** Told of what did not fail a query, and of what did. */
  readonly onTrouble: (error: AppError) => void;
}

/** One turn of one query. */
interface Task extends Prioritized {
  readonly query: AnalysisQuery;
  readonly precision: GamePrecision;
  readonly turn: number;
  /** To be said with the first answer. */
  readonly warning: string;
  readonly abort: AbortController;
}

/** A query has objects in a list in an object. What is far deeper cannot be written again. */
const MAX_DEPTH = 32;

export class AnalysisEngine {
  readonly #options: AnalysisEngineOptions;
  readonly #queue: PositionQueue<Task>;
  readonly #game: QueriedGame;

  constructor(options: AnalysisEngineOptions) {
    this.#options = options;
    this.#game = new QueriedGame(options.config.precision);
    this.#queue = new PositionQueue(options.slots, (task) => this.#analyse(task));
  }

  /** Reads queries until the lines end and answers all of them; `signal` makes it give up what is not done. */
  async run(lines: LineReader, signal: AbortSignal): Promise<void> {
    const { config } = this.#options;
    const giveUp = (): void => {
      lines.end();
      void this.#terminate({ id: undefined, turns: undefined });
    };
    signal.addEventListener('abort', giveUp, { once: true });
    try {
      for (let line = await lines.next(); line !== undefined && !signal.aborted; line = await lines.next()) {
        if (line.length > lines.maxLineLength) {
          await this.#say({ error: `Request line has more than ${lines.maxLineLength} characters: ${shown(line)}` });
        } else if (line.trim() !== '') await this.#take(line);
        await this.#queue.room(config.waiting);
      }
      if (config.quitWithoutWaiting || signal.aborted) await this.#terminate({ id: undefined, turns: undefined });
      await this.#queue.idle();
    } finally {
      signal.removeEventListener('abort', giveUp);
      this.#queue.close();
    }
  }

  async #take(line: string): Promise<void> {
    let values: unknown;
    try {
      values = JSON.parse(line);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return this.#say({ error: `${why} - could not parse input line as json request: ${shown(line)}` });
    }
    if (!isObject(values))
      return this.#say({ error: `Request line was valid json but was not an object: ${shown(line)}` });
    if (!isWithinDepth(values, MAX_DEPTH))
      return this.#say({
        error: `Request has lists or objects more than ${MAX_DEPTH} deep in one another: ${shown(line)}`,
      });
    const { id, action } = values;
    if (typeof id !== 'string') return this.#say({ error: 'Request must have a string "id" field' });
    if (typeof action === 'string') {
      const giveUp = (request: TerminateRequest): Promise<void> => this.#terminate(request);
      const context = { ...this.#options, precision: this.#game.precision.answered, giveUp };
      return this.#say(await answerAction(values, id, action, context));
    }
    await this.#takeQuery(values, id);
  }

  async #takeQuery(values: Record<string, unknown>, id: string): Promise<void> {
    const { config, onTrouble } = this.#options;
    let model: ModelFacts;
    try {
      model = await this.#options.model();
    } catch (thrown) {
      const error = AppError.from(thrown);
      onTrouble(error);
      return this.#say({ error: error.message, id });
    }
    const { query, problem, warnings } = parseQuery(values, id, { model, config });
    const apart = this.#options.warnsInAnswers ? [] : warnings;
    for (const { field, message } of apart) await this.#say({ field, id, warning: message });
    const complaint = problem ?? (query && illegalIn(query));
    if (complaint) return this.#say({ error: complaint.message, field: complaint.field, id });
    if (!query) return;
    const precision = this.#game.precisionFor(query);
    const warning = this.#options.warnsInAnswers ? warnings.map(({ message }) => message).join('; ') : '';
    for (const { turn, priority } of query.turns) {
      this.#queue.add({ query, precision, turn, priority, warning, abort: new AbortController() });
    }
  }

  async #analyse({ query, precision, turn, warning, abort }: Task): Promise<void> {
    const { config, evaluatorFor, remote, onTrouble } = this.#options;
    const game = gameAt(query, turn);
    const root = game.positionFor(game.position.toMove);
    if (query.ignoreHistory) root.forgetMoves();
    const options = { precision, tuning: tuningOf(query.search, config.batch, config.transpositions) };
    const local = new LocalRootThinker({ ...options, evaluatorFor, onTrouble });
    const server = await remote?.(options);
    const placed = server && config.search === 'auto' ? new PlacedRootThinker(server, local, onTrouble) : server;
    const thinker = placed ?? local;
    let unsaid = warning;
    const report = (opinion: Parameters<typeof formatAnswer>[0]['opinion'], isDuringSearch: boolean): Answer => {
      const answer = formatAnswer({ query, turn, root, opinion, evaluation: thinker.evaluation, isDuringSearch });
      const warned = unsaid === '' ? answer : { ...answer, warning: unsaid };
      unsaid = '';
      return warned;
    };
    // Not the thinker's own limit, which also ends a search that is decided: whoever analyses wants all of it.
    const timeUp = new AbortController();
    const timer = setTimeout(() => timeUp.abort(), Math.min(query.maxTimeMs, longestTimerMs));
    try {
      let nextReport = performance.now() + query.firstReportMs;
      const search = thinker.think(game, root, {
        visits: Math.max(0, query.maxVisits - 1),
        stop: AbortSignal.any([abort.signal, timeUp.signal]),
        ownership: query.includeOwnership || query.includeMovesOwnership,
        restrictions: query.restrictions,
        movesOwnership: query.includeMovesOwnership,
        unvisited: false,
        ignoreHistory: query.ignoreHistory,
        reportMs: Math.min(query.reportMs, query.firstReportMs),
      });
      let step = await search.next();
      for (; !step.done; step = await search.next()) {
        if (performance.now() < nextReport) continue;
        await this.#say(report(step.value, true));
        nextReport = performance.now() + query.reportMs;
      }
      await this.#say(thinker.evaluation ? report(step.value, false) : noResults(query.id, turn));
    } catch (thrown) {
      const error = AppError.from(thrown);
      onTrouble(error);
      await this.#say({ error: error.message, id: query.id, turnNumber: turn });
    } finally {
      thinker.clear();
      clearTimeout(timer);
    }
  }

  /** Ends what runs and matches with what it has, and takes out what waits. */
  async #terminate({ id, turns }: TerminateRequest): Promise<void> {
    const matches = ({ query, turn }: Task): boolean =>
      (id === undefined || query.id === id) && (turns === undefined || turns.includes(turn));
    for (const { abort } of this.#queue.running(matches)) abort.abort();
    for (const { query, turn } of this.#queue.remove(matches)) await this.#say(noResults(query.id, turn));
  }

  async #say(answer: Answer): Promise<void> {
    // Whoever read the answers may be gone; the queue empties all the same.
    await this.#options.write(`${JSON.stringify(answer)}\n`).catch(() => undefined);
  }
}

/** The longest that a timer takes: about 24 days. */
const longestTimerMs = 2 ** 31 - 1;

function gameAt(query: AnalysisQuery, turn: number): GameState {
  const game = new GameState(query.size, query.rules);
  game.setUp(query.setup);
  for (const { color, action } of query.moves.slice(0, turn)) game.play(color, action);
  return game;
}

/** What no board could have, or no player could play. */
function illegalIn(query: AnalysisQuery): Complaint | undefined {
  const game = new GameState(query.size, query.rules);
  try {
    game.setUp(query.setup);
  } catch (error) {
    return { field: 'initialStones', message: AppError.from(error).message };
  }
  for (const [turn, { color, action }] of query.moves.entries()) {
    try {
      game.play(color, action);
    } catch {
      return { field: 'moves', message: `Illegal move ${turn}: ${formatVertex(action, query.size)}` };
    }
  }
  return undefined;
}
