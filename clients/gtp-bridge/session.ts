/** Everything that lives as long as one GTP conversation: the game, the clocks, the search and the settings. */

import { readConfig } from '../../src/core/config.js';
import { AppError, check } from '../../src/core/errors.js';
import type { AnsweredPrecision } from '../../src/core/precision.js';
import { Rng } from '../../src/core/rng.js';
import { BLACK, WHITE, type Color } from '../../src/go/color.js';
import { needTelling, rulesObject } from '../../src/go/rule-sets.js';
import { defaultRules, type Rules } from '../../src/go/rules.js';
import type { SgfGame } from '../../src/go/sgf/game.js';
import { present } from '../../src/go/sgf/present.js';
import { Clock, noTimeLimit, type TimeSettings } from '../../src/player/clock.js';
import { GameState, type Setup } from '../../src/player/game-state.js';
import { tuningOf, type SearchParameters } from '../../src/player/search-parameters.js';
import { Thinker, type EvaluatorFor, type ThinkerTuning, usualInFlight } from '../../src/player/thinker.js';
import type { GameThinker } from '../shared/game-thinker.js';
import { GamePrecision } from '../shared/game-precision.js';
import { bridgeSchema, type BridgeConfig } from './config.js';

/** Board before the server has said what its network plays. */
const sizeBeforeConnection = 9;

export interface SessionOptions {
  /** Of the package, for `version`. */
  readonly version: string;
  readonly config: BridgeConfig;
  /** Evaluates in the precision of the game. */
  readonly evaluatorFor: EvaluatorFor;
  /** Evaluates in float32, with ownership; as the game is evaluated if not given. */
  readonly exactEvaluator?: ReturnType<EvaluatorFor>;
  /** Told of errors that did not fail a command. */
  readonly onTrouble: (error: AppError) => void;
  /** Told of what was passed over or guessed in a file. */
  readonly onNote?: (text: string) => void;
  /** Has the searches of this thinker made elsewhere where that is better; they are made by it if not given. */
  readonly placed?: (local: Thinker) => GameThinker;
}

export class Session {
  config: BridgeConfig;
  readonly #packageVersion: string;
  readonly game: GameState;
  readonly thinker: GameThinker;
  /** Makes a thinker that knows nothing yet; to be cleared at its end. */
  readonly newThinker: () => GameThinker;
  /** Told of errors that did not fail a command. */
  readonly onTrouble: (error: AppError) => void;
  /** Told of what was passed over or guessed in a file. */
  readonly onNote: (text: string) => void;
  readonly evaluatorFor: EvaluatorFor;
  /** Evaluates in float32, with ownership. */
  readonly exactEvaluator: ReturnType<EvaluatorFor>;
  /** Of the game that is on. */
  precision: GamePrecision;
  /** In which the server served the model when it said what it has. */
  servedPrecision: AnsweredPrecision | undefined;
  /** The model, as name@version; empty before the server has said. */
  model = '';
  /** KataGo's version of a network of its format; 0 for others. */
  katagoVersion = 0;
  /** Whether the network is told what counts as points; others know area scoring only. */
  tellsRules = false;
  #puct: SearchParameters = {};
  /** Time that moves have taken, whether they were played or not. */
  thinkingMs = 0;
  #sizes: readonly number[] = [];
  /** What a file said of the game beside the game, and after how many moves its result was. */
  #facts: Partial<SgfGame> = {};
  #resultAfter = 0;
  #times: TimeSettings = noTimeLimit;
  #clocks = new Map<Color, Clock>();
  /** Of moves that are drawn; games that vary must differ from run to run. */
  readonly rng = new Rng(Date.now());
  /** Own turns in a row that looked lost. */
  hopelessTurns = 0;
  /** Whether the last move was our own, so that it is the opponent's turn and pondering makes sense. */
  opponentThinks = false;

  constructor(options: SessionOptions) {
    const { config } = options;
    this.config = config;
    this.#packageVersion = options.version;
    this.onTrouble = options.onTrouble;
    this.onNote = options.onNote ?? ((): void => undefined);
    this.evaluatorFor = options.evaluatorFor;
    this.exactEvaluator = options.exactEvaluator ?? options.evaluatorFor(true);
    this.precision = new GamePrecision(config.precision);
    this.game = new GameState(sizeBeforeConnection, this.#firstRules(sizeBeforeConnection));
    this.newThinker = () => {
      const local = new Thinker(options.evaluatorFor, () => this.tuning, options.onTrouble);
      return options.placed?.(local) ?? local;
    };
    this.thinker = this.newThinker();
    this.setTimes(noTimeLimit);
  }

  /** What `version` answers. */
  get version(): string {
    const known = this.model === '' ? [] : [this.model, this.#precisionKnown];
    return [this.#packageVersion, ...known].join(' ').trim();
  }

  /** What `kata-get-models` answers, in KataGo's form. */
  get models(): readonly Readonly<Record<string, unknown>>[] {
    const { model: name, config } = this;
    const maxBatchSize = config.batch || usualInFlight;
    const known = { name, internalName: name, maxBatchSize, precision: this.#precisionKnown };
    return name === ''
      ? []
      : [{ ...known, usesHumanSLProfile: false, version: this.katagoVersion, usingFP16: 'false' }];
  }

  /** Parameters of the search that differ from the usual. */
  get search(): SearchParameters {
    const { staticScore, dynamicScore } = this.config;
    return { ...this.#puct, staticScore, dynamicScore };
  }
  set search({ staticScore, dynamicScore, ...puct }: SearchParameters) {
    const { config } = this;
    this.config = readConfig(bridgeSchema, { ...config, staticScore, dynamicScore });
    this.#puct = puct;
  }

  /** How this session searches. */
  get tuning(): ThinkerTuning {
    return tuningOf(this.search, this.config.batch, this.config.transpositions);
  }

  /** Learns which board sizes the network plays, the preferred one first; an untouched board becomes one of that size. */
  setSizes(sizes: readonly number[]): void {
    const [preferred] = sizes;
    const untouched = this.#sizes.length === 0 && preferred !== undefined;
    this.#sizes = sizes;
    if (!untouched) return;
    this.game.reset(preferred);
    this.game.setRules(this.#firstRules(preferred));
  }

  /** Whether the network plays boards of this size. */
  allowsSize(size: number): boolean {
    return this.#sizes.includes(size);
  }

  /** An empty board of an allowed size. */
  setSize(size: number): void {
    this.#startGame();
    this.game.reset(size);
  }

  /** An empty board, full clocks. */
  clear(): void {
    this.#startGame();
    this.game.reset();
  }

  /** @throws AppError 'invalid-argument' for komi out of range */
  setKomi(komi: number): void {
    this.setRules({ ...this.game.rules, komi });
  }

  /** @throws AppError 'invalid-argument' for rules out of range, or that the network does not know */
  setRules(rules: Rules): void {
    check(
      this.tellsRules || !needTelling(rules),
      () => `this network only knows area scoring without tax, not ${JSON.stringify(rulesObject(rules))}`,
    );
    this.game.setRules(rules);
  }

  /** Takes over a game from a file. @throws AppError for one that cannot be played here; nothing has changed then */
  load(game: SgfGame, rules: Rules): void {
    const { size, black, white, toMove, moves, blackName, whiteName, gameName, result, handicap, comment } = game;
    this.game.load({ size, rules, setup: { black, white, toMove }, turns: moves });
    this.#startGame();
    this.#facts = present({ blackName, whiteName, gameName, result, handicap, comment });
    this.#resultAfter = moves.length;
  }

  /** The game, and what a file said of it. */
  get record(): SgfGame {
    const { size, rules, setup, turns } = this.game;
    const { result, ...facts } = this.#facts;
    const said = { ...facts, ...(turns.length === this.#resultAfter && present({ result })) };
    return { size, ...rules, ...setup, moves: turns, ...said };
  }

  /** Stones before the first move, on a fresh board. */
  setUp(setup: Setup): void {
    this.game.setUp(setup);
  }

  /** @throws AppError 'invalid-argument' for a move that the rules forbid */
  play(color: Color, action: number): void {
    this.opponentThinks = false;
    this.game.play(color, action);
  }

  /** @throws AppError 'invalid-argument' where no move was played */
  undo(): void {
    this.opponentThinks = false;
    this.hopelessTurns = 0;
    this.game.undo();
  }

  /** The time system of this game; the clocks start full. */
  get times(): TimeSettings {
    return this.#times;
  }
  setTimes(times: TimeSettings): void {
    this.#times = times;
    this.#clocks = new Map<Color, Clock>([
      [BLACK, new Clock(times)],
      [WHITE, new Clock(times)],
    ]);
  }

  /** The clock of one player. */
  clock(color: Color): Clock {
    const clock = this.#clocks.get(color) ?? new Clock(this.#times);
    this.#clocks.set(color, clock);
    return clock;
  }

  /** Milliseconds that `color` may think about the next move; Infinity without limits. */
  moveBudgetMs(color: Color): number {
    const { size } = this.game;
    let empty = 0;
    for (let point = 0; point < size * size; point++) if (this.game.position.stoneAt(point) === 0) empty++;
    const { lag, moveTime } = this.config;
    const limit = moveTime > 0 ? moveTime * 1000 : Infinity;
    return Math.min(limit, this.clock(color).budgetMs(empty, lag * 1000));
  }

  /**
   * Milliseconds after which a move of `color` is made without the network if that has said nothing by then: twice the
   * budget and a second at least, as short disturbances pass, but half of what is left on the clock at most. Infinity
   * where nothing is lost by waiting.
   */
  networkWaitMs(color: Color): number {
    const lastMoment = this.clock(color).lastMomentMs(this.config.lag * 1000);
    // Where even the lag's reserve is gone, an answer may still come sooner than the flag falls.
    return Math.min(Math.max(1000, 2 * this.moveBudgetMs(color)), Math.max(100, lastMoment / 2));
  }

  /** Searches for the opponent's answer until `stop`, if told to and if it is the opponent's turn. Never throws. */
  async ponder(stop: AbortSignal): Promise<void> {
    if (!this.config.ponder || !this.opponentThinks || this.game.position.isOver) return;
    const root = this.game.positionFor(this.game.position.toMove);
    const search = this.thinker.think(this.game, root, { visits: this.config.analysisVisits, stop });
    try {
      while (!(await search.next()).done);
    } catch (error) {
      this.onTrouble(AppError.from(error));
    }
  }

  /** Of the game, as far as that is known; '' if not. */
  get #precisionKnown(): AnsweredPrecision | '' {
    return this.precision.answered ?? (this.config.precision === 'fp32' ? 'fp32' : (this.servedPrecision ?? ''));
  }

  #firstRules(size: number): Rules {
    const { ko, suicide, komi } = this.config;
    const fair = defaultRules(size).komi;
    const points = komi === '' ? fair : Number(komi);
    check(Number.isFinite(points), () => `komi is '${komi}'; it must be a number`);
    return { ko, suicide, komi: points };
  }

  #startGame(): void {
    this.#facts = {};
    this.thinker.clear();
    this.hopelessTurns = 0;
    this.opponentThinks = false;
    this.precision = new GamePrecision(this.config.precision);
    this.setTimes(this.#times);
  }
}
