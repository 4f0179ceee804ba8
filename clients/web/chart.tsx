/** Lines over time or moves, drawn by uPlot in the colors of the page. */

import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';

export interface ChartSeries {
  readonly name: string;
  /** By place in the chart's `x`; null where there is none. */
  readonly y: readonly (number | null)[];
  /** Read on a scale of its own at the right, with 0 in the middle. */
  readonly isBalance?: boolean;
}

export interface ChartProps {
  readonly title: string;
  /** Ascending. */
  readonly x: readonly number[];
  readonly series: readonly ChartSeries[];
  /** What the numbers below mean, such as 'minutes'. */
  readonly xName: string;
  /** Whether `x` counts something, so that only whole numbers stand below. */
  readonly isCount?: boolean;
  readonly height?: number;
  /** Least and most of the scale; by the data if left out. */
  readonly range?: readonly [number, number];
  /** A place in `x` that a line stands at. */
  readonly marked?: number;
  readonly onChoose?: (x: number) => void;
}

const MOST_DOTS = 40;
const WHOLE_STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000];
// uPlot's own names for sides exist for the compiler only, so there is nothing to take the number from.
// eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment
const RIGHT = 1 as uPlot.Axis.Side;

/** The chart; its legend tells the values at the pointer. */
export function Chart(props: ChartProps): ComponentChildren {
  const { title, x, series, height = 190 } = props;
  const frame = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>();
  const now = useRef(props);
  now.current = props;
  const scheme = useScheme();
  const names = series.map(({ name }) => name).join();
  const data = [x, ...series.map(({ y }) => y)] as unknown as uPlot.AlignedData;
  useEffect(() => {
    const element = frame.current!;
    const made = new uPlot(optionsOf(now, element), data, element);
    plot.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height }));
    observer.observe(element);
    made.over.addEventListener('click', () => {
      const { idx } = made.cursor;
      if (idx != null) now.current.onChoose?.(made.data[0][idx]!);
    });
    return () => {
      observer.disconnect();
      made.destroy();
    };
  }, [names, scheme, height, title]);
  useEffect(() => plot.current?.setData(data), [x, series, props.marked]);
  return (
    <figure class="chart">
      <figcaption>{title}</figcaption>
      <div ref={frame} role="img" aria-label={describe(props)} />
    </figure>
  );
}

function optionsOf(now: { readonly current: ChartProps }, element: HTMLElement): uPlot.Options {
  const { series, xName, isCount = false, height = 190, range } = now.current;
  const hasBalance = series.some(({ isBalance }) => isBalance);
  const style = getComputedStyle(element);
  const color = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  const axis = { stroke: color('quiet'), grid: { stroke: color('line'), width: 1 }, ticks: { show: false } };
  return {
    width: element.clientWidth || 300,
    height,
    scales: { x: { time: false }, y: range ? { range: [...range] } : {}, balance: { range: balanced } },
    axes: [
      { ...axis, size: 26, ...(isCount && { incrs: WHOLE_STEPS }) },
      { ...axis, size: 52 },
      ...(hasBalance
        ? [{ ...axis, scale: 'balance', side: RIGHT, size: 52, splits: endsAndMiddle, grid: { show: false } }]
        : []),
    ],
    hooks: { draw: [(plot) => drawMark(plot, now.current.marked, color('text'))] },
    cursor: { y: false, points: { size: 6 } },
    legend: { live: true },
    series: [
      { label: xName, value: (_, value) => format(value) },
      ...series.map(({ name, isBalance }, i) => ({
        label: name,
        stroke: color(`series-${(i % 5) + 1}`),
        width: 2,
        spanGaps: true,
        scale: isBalance ? 'balance' : 'y',
        points: { size: 5, fill: color(`series-${(i % 5) + 1}`), show: hasFewValues },
        value: (_: uPlot, value: number | null) => format(value),
      })),
    ],
  };
}

/** A scale of whole numbers with 0 in the middle, and room for a few points on either side. */
function balanced(_: uPlot, least: number | null, most: number | null): [number, number] {
  const reach = Math.ceil(Math.max(5, Math.abs(least ?? 0), Math.abs(most ?? 0)));
  return [-reach, reach];
}

/** Where a low chart has numbers; there is no room for more. */
function endsAndMiddle(_plot: uPlot, _axis: number, least: number, most: number): number[] {
  return [least, (least + most) / 2, most];
}

/** Whether a line's values are dots as well: single ones between gaps would not be seen. */
function hasFewValues(plot: uPlot, series: number): boolean {
  return (
    Array.from<number | null | undefined>(plot.data[series]!).filter((value) => value !== null).length <= MOST_DOTS
  );
}

function drawMark(plot: uPlot, marked: number | undefined, color: string): void {
  if (marked === undefined) return;
  const x = Math.round(plot.valToPos(marked, 'x', true));
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.fillStyle = color;
  ctx.fillRect(x - 1, bbox.top, 2, bbox.height);
  ctx.restore();
}

/** A number with as many digits as a person wants. */
export function format(value: number | null | undefined): string {
  if (value == null) return '–';
  const size = Math.abs(value);
  return value.toLocaleString('en', { maximumFractionDigits: size >= 100 ? 0 : size >= 10 ? 1 : 3 });
}

function describe({ title, series }: ChartProps): string {
  const last = series.map(({ name, y }) => `${name} ${format(y.findLast((value) => value !== null))}`);
  return `${title}: ${last.join(', ')}`;
}

/** 'dark' or 'light', as the system says now. */
function useScheme(): string {
  const query = matchMedia('(prefers-color-scheme: dark)');
  const [isDark, setDark] = useState(query.matches);
  useEffect(() => {
    const changed = (): void => setDark(query.matches);
    query.addEventListener('change', changed);
    return () => query.removeEventListener('change', changed);
  }, []);
  return isDark ? 'dark' : 'light';
}
