/**
 * A tree of games as lines from left to right, each below the one that it leaves, as `tengen games show` draws it. Thick
 * where a branch may begin; above it the mean Label Change Rate (LCR) by ply. The arrow keys move the marker.
 */

import type { ComponentChildren } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { rowOrder } from '../../shared/tree-rows.js';
import { meanRates, type Place, type ShownTree } from './tree-place.js';

const ROW = 24;
/** Bottom and height of the bars. */
const BARS = 68;
const BAR_HEIGHT = 52;
const LEFT = 30;
const RIGHT = 96;

export interface TreeDrawingProps {
  readonly tree: ShownTree;
  readonly place: Place;
  readonly onPlace: (place: Place) => void;
}

interface Row {
  readonly variation: number;
  /** Ply at which the line leaves its parent; 0 for the first game. */
  readonly from: number;
  readonly to: number;
  readonly parentRow: number | undefined;
}

/** The drawing, as wide as its place. */
export function TreeDrawing({ tree, place, onPlace }: TreeDrawingProps): ComponentChildren {
  const frame = useRef<HTMLDivElement>(null);
  const width = useWidth(frame);
  const rows = useMemo(() => rowsOf(tree), [tree]);
  const longest = Math.max(1, ...rows.map(({ to }) => to));
  const step = (width - LEFT - RIGHT) / longest;
  const at = (ply: number): number => LEFT + ply * step;
  const middle = (row: number): number => BARS + 26 + row * ROW;
  const marked = rows.findIndex(({ variation }) => variation === place.variation);
  const press = (event: KeyboardEvent): void => {
    const next = moved(event.key, rows, marked, place);
    if (!next) return;
    event.preventDefault();
    event.stopPropagation();
    onPlace(next);
  };
  return (
    <div class="tree" ref={frame} tabIndex={0} role="group" aria-label={describe(tree)} onKeyDown={press}>
      <svg width={width} height={middle(rows.length)} aria-hidden="true">
        <Rates tree={tree} at={at} step={step} />
        {rows.map((row, index) => (
          <Line
            key={row.variation}
            tree={tree}
            row={row}
            y={middle(index)}
            at={at}
            parentY={row.parentRow === undefined ? undefined : middle(row.parentRow)}
          />
        ))}
        {rows.map(({ variation, from, to }, index) => (
          <rect
            key={variation}
            class="target"
            data-variation={variation}
            x={at(from)}
            y={middle(index) - ROW / 2}
            width={Math.max(1, at(to) - at(from))}
            height={ROW}
            onClick={(event) => {
              const ply = Math.round((event.offsetX - LEFT) / step);
              onPlace({ variation, ply: Math.max(from, Math.min(to, ply)) });
            }}
          />
        ))}
        <circle class="marker" cx={at(place.ply)} cy={middle(Math.max(0, marked))} r={6} />
      </svg>
    </div>
  );
}

function rowsOf({ view }: ShownTree): readonly Row[] {
  const lines = view.variations.map(({ branch, moves }) => ({
    parent: branch?.parent,
    from: branch?.ply ?? 0,
    to: moves,
  }));
  const order = rowOrder(lines);
  return order.map((variation) => {
    const { parent, from, to } = lines[variation]!;
    return { variation, from, to, parentRow: parent === undefined ? undefined : order.indexOf(parent) };
  });
}

/** Where an arrow key leads; undefined for other keys. */
function moved(key: string, rows: readonly Row[], marked: number, { variation, ply }: Place): Place | undefined {
  const row = rows[marked];
  if (!row) return undefined;
  if (key === 'ArrowRight') return { variation, ply: Math.min(row.to, ply + 1) };
  if (key === 'ArrowLeft') return { variation, ply: Math.max(0, ply - 1) };
  const next = rows[marked + (key === 'ArrowDown' ? 1 : -1)];
  if ((key !== 'ArrowDown' && key !== 'ArrowUp') || !next) return undefined;
  return { variation: next.variation, ply: Math.max(next.from, Math.min(next.to, ply)) };
}

interface LineProps {
  readonly tree: ShownTree;
  readonly row: Row;
  readonly y: number;
  readonly at: (ply: number) => number;
  readonly parentY: number | undefined;
}

function Line({ tree: { view }, row: { variation, from, to }, y, at, parentY }: LineProps): ComponentChildren {
  const { winner, result } = view.variations[variation]!;
  const eligible = view.positions.filter((position) => position.variation === variation && position.eligible);
  const half = (at(1) - at(0)) / 2;
  return (
    <g>
      {parentY !== undefined && <path class="branch" d={`M${at(from)} ${parentY}V${y - 6}q0 6 6 6`} />}
      <line class="game" x1={at(from) + (parentY === undefined ? 0 : 6)} x2={at(to)} y1={y} y2={y} />
      {eligible.map(({ ply }) => (
        <line key={ply} class="eligible" x1={at(ply) - half} x2={at(ply) + half} y1={y} y2={y} />
      ))}
      <circle class={winner > 0 ? 'end black' : winner < 0 ? 'end white' : 'end'} cx={at(to)} cy={y} r={5} />
      <text class="result" x={at(to) + 10} y={y + 4}>
        {result}
      </text>
      {parentY === undefined || (
        <text class="number" x={at(from) + 8} y={y - 5}>
          {variation}
        </text>
      )}
    </g>
  );
}

function Rates({ tree, at, step }: { tree: ShownTree; at: (ply: number) => number; step: number }): ComponentChildren {
  const { positions, threshold } = tree.view;
  const rates = meanRates(positions);
  const most = Math.max(0.5, ...rates.map((rate) => rate ?? 0));
  const height = (rate: number): number => (BAR_HEIGHT * rate) / most;
  return (
    <g>
      {rates.map(
        (rate, ply) =>
          rate !== undefined && (
            <rect
              key={ply}
              class={rate > threshold ? 'rate above' : 'rate'}
              x={at(ply) - 0.4 * step}
              y={BARS - height(rate)}
              width={0.8 * step}
              height={height(rate)}
            />
          ),
      )}
      <line
        class="threshold"
        x1={at(0)}
        x2={at(rates.length)}
        y1={BARS - height(threshold)}
        y2={BARS - height(threshold)}
      />
      <text class="number" x={at(rates.length) + 6} y={BARS - height(threshold) + 4}>
        LCR {threshold.toFixed(2)}
      </text>
    </g>
  );
}

function describe({ view }: ShownTree): string {
  const { gameId, variations } = view;
  return `Games of ${gameId}: ${variations.length}. The arrow keys move through them.`;
}

function useWidth(element: { readonly current: HTMLElement | null }): number {
  const [width, setWidth] = useState(600);
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => setWidth(Math.max(260, entry!.contentRect.width)));
    observer.observe(element.current!);
    return () => observer.disconnect();
  }, []);
  return width;
}
