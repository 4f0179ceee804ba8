/** Where the time of a rank goes. */

/** What a rank is doing: work on its own tokens, waiting for others, attention of sharded sequences. */
export const activities = ['local', 'waiting', 'distributed'] as const;
export type Activity = (typeof activities)[number];

/** A time span of one activity, milliseconds of the machine's monotonic clock. */
export interface Span {
  readonly activity: Activity;
  readonly startMs: number;
  readonly endMs: number;
}

/** Sums up activities; one is under way at any time once begun. */
export class Stopwatch {
  readonly #traces: boolean;
  #spans: Span[] = [];
  #totals: Record<Activity, number> = { local: 0, waiting: 0, distributed: 0 };
  #activity: Activity | undefined;
  #since = 0;

  /** @param traces whether every span is kept, for a drawing */
  constructor(traces = false) {
    this.#traces = traces;
  }

  /** Ends the activity under way and begins another. */
  begin(activity: Activity): void {
    this.#end();
    this.#activity = activity;
  }

  /** Ends the activity under way; gives the sums in milliseconds since the last take and begins anew. */
  take(): { readonly totals: Readonly<Record<Activity, number>>; readonly spans: readonly Span[] } {
    this.#end();
    this.#activity = undefined;
    const taken = { totals: this.#totals, spans: this.#spans };
    this.#totals = { local: 0, waiting: 0, distributed: 0 };
    this.#spans = [];
    return taken;
  }

  #end(): void {
    const now = Number(process.hrtime.bigint()) / 1e6;
    if (this.#activity !== undefined) {
      this.#totals[this.#activity] += now - this.#since;
      if (this.#traces) this.#spans.push({ activity: this.#activity, startMs: this.#since, endMs: now });
    }
    this.#since = now;
  }
}
