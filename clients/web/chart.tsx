/** Lines over time or moves, drawn by uPlot in the colors of the page. */

import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';

/** One line. */
export interface ChartSeries {
  readonly name: string;
  /** By place in the chart's `x`; null where there is none. */
  readonly y: readonly (number | null)[];
}

/** What the chart shows. */
export interface ChartProps {
  readonly title: string;
  /** Ascending. */
  readonly x: readonly number[];
  readonly series: readonly ChartSeries[];
  /** What the numbers below mean, such as 'minutes'. */
  readonly xName: string;
  readonly height?: number;
  /** Least and most of the scale; by the data if left out. */
  readonly range?: readonly [number, number];
  readonly onChoose?: (x: number) => void;
}

/** The chart; its legend tells the values at the pointer. */
export function Chart(props: ChartProps): ComponentChildren {
  const { title, x, series, height = 190 } = props;
  const frame = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>();
  const chosen = useRef(props.onChoose);
  chosen.current = props.onChoose;
  const scheme = useScheme();
  const names = series.map(({ name }) => name).join();
  const data = [x, ...series.map(({ y }) => y)] as unknown as uPlot.AlignedData;
  useEffect(() => {
    const element = frame.current!;
    const made = new uPlot(optionsOf(props, element), data, element);
    plot.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height }));
    observer.observe(element);
    made.over.addEventListener('click', () => {
      const { idx } = made.cursor;
      if (idx != null) chosen.current?.(made.data[0][idx]!);
    });
    return () => {
      observer.disconnect();
      made.destroy();
    };
  }, [names, scheme, height, title]);
  useEffect(() => plot.current?.setData(data), [x, series]);
  return (
    <figure class="chart">
      <figcaption>{title}</figcaption>
      <div ref={frame} role="img" aria-label={describe(props)} />
    </figure>
  );
}

function optionsOf({ series, xName, height = 190, range }: ChartProps, element: HTMLElement): uPlot.Options {
  const style = getComputedStyle(element);
  const color = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  const axis = { stroke: color('quiet'), grid: { stroke: color('line'), width: 1 }, ticks: { show: false } };
  return {
    width: element.clientWidth || 300,
    height,
    scales: { x: { time: false }, y: range ? { range: [...range] } : {} },
    axes: [
      { ...axis, size: 26 },
      { ...axis, size: 52 },
    ],
    cursor: { y: false, points: { size: 6 } },
    legend: { live: true },
    series: [
      { label: xName, value: (_, value) => format(value) },
      ...series.map(({ name }, i) => ({
        label: name,
        stroke: color(`series-${(i % 5) + 1}`),
        width: 2,
        spanGaps: true,
        points: { show: false },
        value: (_: uPlot, value: number | null) => format(value),
      })),
    ],
  };
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
