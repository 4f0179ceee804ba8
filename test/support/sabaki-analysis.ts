/**
 * How Sabaki v0.60.2 reads analysis (its src/modules/enginesyncer.js), rewritten: what it cannot read it drops in silence,
 * so a test must read with its rules.
 */

/** One move as Sabaki would show it. */
export interface SabakiVariation {
  readonly moves: readonly string[];
  readonly visits: number;
  /** Per cent, for the side given in the command. */
  readonly winrate: number;
  readonly scoreLead: number | undefined;
}

/** Reads one line of the reply to `commandName`; undefined if Sabaki would ignore it. */
export function readSabakiAnalysis(line: string, commandName: string): SabakiVariation[] | undefined {
  if (!line.startsWith('info ')) return undefined;
  return line
    .split(/\s*info\s+/)
    .slice(1)
    .map((text) => text.trim())
    .flatMap((text) => {
      // The principal variation must be the last thing of a segment; moves other than letter and digits are dropped.
      const match = /(pv|PV) ((-|[A-Za-z]+\d+|pass)\s*)+$/i.exec(text);
      if (!match) return [];
      const words = text.slice(0, match.index).trim().split(/\s+/);
      const pairs = new Map<string, string>();
      for (let i = 0; i < words.length; i += 2) pairs.set(words[i]!, words[i + 1] ?? '');
      const move = pairs.get('move');
      const winrate = pairs.get('winrate');
      if (!move || !winrate || !/^[A-Za-z]\d+$/.test(move)) return [];
      const moves = match[0]
        .split(/\s+/)
        .slice(1)
        .filter((word) => /^[A-Za-z]\d+$/.test(word));
      const percent = commandName.startsWith('kata') ? Number(winrate) * 100 : Number(winrate) / 100;
      const scoreLead = pairs.get('scoreLead');
      return [
        {
          moves,
          visits: Number(pairs.get('visits')),
          winrate: percent,
          scoreLead: scoreLead === undefined ? undefined : Number(scoreLead),
        },
      ];
    });
}
