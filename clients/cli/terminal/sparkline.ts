/** Bars of block characters, eight levels a line. */

const bars = ' ▁▂▃▄▅▆▇█';

/**
 * One line of bars from `low` to `high`; what is below is blank, what is above is full. A value above `low` shows at
 * least a little; undefined is blank.
 */
export function drawBars(values: readonly (number | undefined)[], low: number, high: number): string {
  return values
    .map((value) => {
      if (value === undefined || value <= low) return ' ';
      const level = Math.round((8 * (value - low)) / (high - low));
      return bars[Math.max(1, Math.min(8, level))] ?? ' ';
    })
    .join('');
}
