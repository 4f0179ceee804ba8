/** What searches use of the server. */

/** Counted over all clients, at one time. */
export interface SearchFigures {
  /** Games that are open. */
  readonly games: number;
  /** Games whose search is under way. */
  readonly searches: number;
  /** Positions that searches had evaluated so far. */
  readonly evaluations: number;
  /** Bytes that are granted for trees, and bytes that may be. */
  readonly treeBytes: number;
  readonly treeBytesAllowed: number;
  /** Threads that search. */
  readonly threads: number;
  /** Threads that ended although nobody closed them, so far. */
  readonly threadDeaths: number;
}

const counters: readonly string[] = ['evaluations', 'threadDeaths'];

/** The figures in the text format of Prometheus, with the prefix `tengen_search_`. */
export function formatSearchFigures(figures: SearchFigures): string {
  let text = '';
  for (const [key, value] of Object.entries(figures)) {
    const name = `tengen_search_${key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`;
    const [type, suffix] = counters.includes(key) ? ['counter', '_total'] : ['gauge', ''];
    text += `# TYPE ${name}${suffix} ${type}\n${name}${suffix} ${String(value)}\n`;
  }
  return text;
}
