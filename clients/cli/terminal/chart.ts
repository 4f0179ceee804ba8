/** A line chart drawn in Braille dots: 2 × 4 dots a character, so a terminal of 60 columns shows 120 points. */

export interface ChartPoint {
  readonly x: number;
  readonly y: number;
}

/** What a chart looks like. */
export interface ChartOptions {
  /** Characters across and down, the axis labels not counted. */
  readonly width: number;
  readonly height: number;
  readonly formatX: (x: number) => string;
  readonly formatY: (y: number) => string;
}

const dotBits = [
  [0x01, 0x08],
  [0x02, 0x10],
  [0x04, 0x20],
  [0x40, 0x80],
] as const;

/** The chart as lines of text, or one line that says there is nothing to draw yet. */
export function drawChart(points: readonly ChartPoint[], options: ChartOptions): string[] {
  if (points.length < 2) return ['  (the curve starts with the second point)'];
  const { width, height } = options;
  const xs = points.map(({ x }) => x);
  const ys = points.map(({ y }) => y);
  const [minX, maxX] = [Math.min(...xs), Math.max(...xs)];
  const [minY, maxY] = [Math.min(...ys), Math.max(...ys)];
  const column = (x: number): number => Math.round(((x - minX) / (maxX - minX || 1)) * (width * 2 - 1));
  const row = (y: number): number => Math.round((1 - (y - minY) / (maxY - minY || 1)) * (height * 4 - 1));
  const cells = new Uint8Array(width * height);
  for (let i = 1; i < points.length; i++) {
    const [from, to] = [points[i - 1]!, points[i]!];
    const steps = Math.max(1, Math.abs(column(to.x) - column(from.x)), Math.abs(row(to.y) - row(from.y)));
    for (let step = 0; step <= steps; step++) {
      const c = Math.round(column(from.x) + ((column(to.x) - column(from.x)) * step) / steps);
      const r = Math.round(row(from.y) + ((row(to.y) - row(from.y)) * step) / steps);
      cells[(r >> 2) * width + (c >> 1)]! |= dotBits[r & 3]![c & 1]!;
    }
  }
  const labels = Array.from({ length: height }, (_, r) =>
    r === 0 ? options.formatY(maxY) : r === height - 1 ? options.formatY(minY) : '',
  );
  const gutter = Math.max(...labels.map((label) => label.length));
  const lines = labels.map((label, r) => {
    const drawn = Array.from(cells.subarray(r * width, (r + 1) * width), (bits) =>
      String.fromCharCode(0x2800 + bits),
    ).join('');
    return `${label.padStart(gutter)} ┤${drawn}`;
  });
  const [left, right] = [options.formatX(minX), options.formatX(maxX)];
  lines.push(
    `${' '.repeat(gutter)} └${'─'.repeat(width)}`,
    `${' '.repeat(gutter + 2)}${left}${right.padStart(width - left.length)}`,
  );
  return lines;
}
