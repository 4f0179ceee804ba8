/**
 * How long to think. One clock a color, and the time systems of GTP, KGS and KataGo. Times are milliseconds, as GTP's
 * whole seconds are too coarse for a fast game.
 */

/** The time system of a game. Byo-yomi periods last `periodMs` each; Canadian ones hold `stones` moves. */
export type TimeSettings =
  | { readonly system: 'none' }
  | { readonly system: 'absolute'; readonly mainMs: number }
  | { readonly system: 'canadian'; readonly mainMs: number; readonly periodMs: number; readonly stones: number }
  | { readonly system: 'byoyomi'; readonly mainMs: number; readonly periodMs: number; readonly periods: number }
  | {
      readonly system: 'fischer';
      readonly mainMs: number;
      readonly incrementMs: number;
      /** Most that the clock may hold after an increment, and that a move may take; Infinity for no limit. */
      readonly capMs: number;
      readonly moveMs: number;
    };

/** Settings of a game whose clock is never looked at. */
export const noTimeLimit: TimeSettings = { system: 'none' };

/** Main time is used up at this share a move until few moves are left to plan for. */
const movesPlannedShare = 0.35;
const fewestMovesPlanned = 12;

/** The clock of one color, as far as the controller has told us; `used` keeps it going in between. */
export class Clock {
  readonly #settings: TimeSettings;
  #mainMs: number;
  #periodMs: number;
  /** Canadian: stones left to play in this period. Byo-yomi: periods left. */
  #stones: number;

  constructor(settings: TimeSettings) {
    this.#settings = settings;
    this.#mainMs = settings.system === 'none' ? 0 : settings.mainMs;
    this.#periodMs = 'periodMs' in settings ? settings.periodMs : 0;
    this.#stones = 0;
    if (this.#mainMs <= 0) this.#startPeriod();
  }

  /** Takes over what `time_left` says: `stones` 0 means main time. For byo-yomi, KGS sends the periods left as stones. */
  setLeft(leftMs: number, stones: number): void {
    const inMainTime = stones === 0;
    this.#stones = stones;
    this.#mainMs = inMainTime ? leftMs : 0;
    this.#periodMs = inMainTime ? this.#fullPeriodMs() : leftMs;
  }

  /** Takes `ms` off the clock, as a move of our own just used it. */
  use(ms: number): void {
    const { system } = this.#settings;
    if (system === 'none') return;
    if (this.#stones === 0) {
      this.#mainMs = Math.max(0, this.#mainMs - ms);
      if (system === 'fischer') {
        this.#mainMs = Math.min(this.#settings.capMs, this.#mainMs + this.#settings.incrementMs);
      }
      if (this.#mainMs === 0) this.#startPeriod();
      return;
    }
    if (system !== 'canadian') return;
    this.#periodMs = Math.max(0, this.#periodMs - ms);
    this.#stones--;
    if (this.#stones === 0) this.#startPeriod();
  }

  /**
   * What the next move may take; Infinity without a limit. Never below a few milliseconds, as a move must be made anyway.
   *
   * @param pointsLeft empty points on the board, from which the number of moves to come is guessed
   * @param lagMs taken off whatever is left, for the way to the referee and back
   */
  budgetMs(pointsLeft: number, lagMs: number): number {
    const { system } = this.#settings;
    if (system === 'none') return Infinity;
    const movesLeft = Math.max(fewestMovesPlanned, pointsLeft * movesPlannedShare);
    const main = this.#stones === 0 ? Math.max(0, this.#mainMs - lagMs) / movesLeft : 0;
    const most = system === 'fischer' ? Math.max(0, this.#settings.moveMs - lagMs) : Infinity;
    return Math.max(5, Math.min(most, main + this.#overtimeBudgetMs(lagMs)));
  }

  /** The longest that the next move may take without losing on time, `lagMs` kept back; Infinity without a limit. */
  lastMomentMs(lagMs: number): number {
    const { system } = this.#settings;
    if (system === 'none') return Infinity;
    const period = this.#stones > 0 ? this.#periodMs : this.#fullPeriodMs();
    const most = system === 'fischer' ? this.#settings.moveMs : Infinity;
    return Math.max(0, Math.min(most, (this.#stones === 0 ? this.#mainMs : 0) + period) - lagMs);
  }

  /** Time that a move gets beside its share of the main time. */
  #overtimeBudgetMs(lagMs: number): number {
    const settings = this.#settings;
    switch (settings.system) {
      case 'none':
      case 'absolute':
        return 0;
      case 'fischer': {
        const room = Math.max(0, this.#mainMs - lagMs);
        return Math.min(room / 2, settings.incrementMs * 0.8);
      }
      case 'byoyomi':
        // In main time a move may run into the first period only if another one follows.
        if (this.#stones === 0) return Math.min(this.#mainMs, settings.periods > 0 ? settings.periodMs * 0.5 : 0);
        return Math.max(0, this.#periodMs - lagMs) * 0.9;
      case 'canadian':
        if (this.#stones === 0) return Math.min(this.#mainMs, settings.periodMs / Math.max(1, settings.stones) / 2);
        return (Math.max(0, this.#periodMs - lagMs) / this.#stones) * 0.95;
    }
  }

  #fullPeriodMs(): number {
    return 'periodMs' in this.#settings ? this.#settings.periodMs : 0;
  }

  #startPeriod(): void {
    if (this.#settings.system === 'canadian') this.#stones = this.#settings.stones;
    if (this.#settings.system === 'byoyomi') this.#stones = this.#settings.periods;
    this.#periodMs = this.#fullPeriodMs();
  }
}
