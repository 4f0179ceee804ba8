/** The board: stones, what the model thinks drawn over them, and the last move. As large as its place allows. */

import { Goban, type GobanProps } from '@sabaki/shudan';
import type { ComponentChildren } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { BLACK, EMPTY, WHITE } from '../../../src/go/color.js';
import type { Position } from '../../../src/go/position.js';
import { formatVertex } from '../../../src/go/vertex.js';

/** What is drawn over the board. */
export interface Overlay {
  /** Share of each action [size² + 1], 0 to 1: the larger, the larger its disc. */
  readonly shares?: ArrayLike<number> | undefined;
  /** Expected owner of every point [size²], 1 for Black, −1 for White. */
  readonly ownership?: ArrayLike<number> | undefined;
  /** Moves to come, numbered from 1. */
  readonly variation?: readonly number[] | undefined;
}

export interface BoardProps {
  readonly position: Position;
  readonly overlay: Overlay;
  /** For those who cannot see it. */
  readonly label: string;
  readonly onPoint?: ((point: number) => void) | undefined;
}

/** Shares below these have a disc without a number, or none. */
const LEAST_NUMBER = 0.01;
const LEAST_SHARE = 0.0025;
/** Sizes of a disc. */
const STRENGTHS = 9;

const signOf = { [EMPTY]: 0, [BLACK]: 1, [WHITE]: -1 } as const;

export function Board({ position, overlay, label, onPoint }: BoardProps): ComponentChildren {
  const frame = useRef<HTMLDivElement>(null);
  const { size } = position;
  const side = useSide(frame);
  // Two coordinates and the border beside the points.
  const vertexSize = Math.max(8, Math.floor(side / (size + 2.4)));
  const maps = useMemo(() => mapsOf(position, overlay), [position, overlay]);
  return (
    <div class="board-frame" ref={frame} role="img" aria-label={label}>
      <Goban
        vertexSize={vertexSize}
        showCoordinates
        coordX={(x) => formatVertex(x, size).replace(/\d+$/, '')}
        coordY={(y) => size - y}
        fuzzyStonePlacement
        {...maps}
        {...(onPoint && { onVertexPointerUp: (_, [x, y]) => onPoint(y * size + x) })}
      />
    </div>
  );
}

/** The smaller side of an element, in pixels, as it is now. */
function useSide(element: { readonly current: HTMLElement | null }): number {
  const [side, setSide] = useState(360);
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => {
      const { width, height } = entry!.contentRect;
      setSide(Math.min(width, height));
    });
    observer.observe(element.current!);
    return () => observer.disconnect();
  }, []);
  return side;
}

type Maps = Required<Pick<GobanProps, 'signMap' | 'markerMap' | 'heatMap' | 'paintMap'>>;

function mapsOf(position: Position, { shares, ownership, variation }: Overlay): Maps {
  const { size } = position;
  const map = <T,>(of: (point: number) => T): T[][] =>
    Array.from({ length: size }, (_, y) => Array.from({ length: size }, (_, x) => of(y * size + x)));
  const last = position.lastMoves[0];
  return {
    signMap: map((point) => signOf[position.stoneAt(point)]),
    markerMap: map((point) => {
      const number = variation?.indexOf(point) ?? -1;
      if (number >= 0) return { type: 'label' as const, label: String(number + 1) };
      return point === last ? { type: 'circle' as const } : null;
    }),
    heatMap: map((point) => (shares ? heatOf(shares[point] ?? 0) : null)),
    // Shudan takes numbers between −1 and 1, whatever its types say.
    paintMap: map((point) => (ownership?.[point] ?? 0) as 0 | 1 | -1),
  };
}

function heatOf(share: number): { strength: number; text: string } | null {
  const strength = Math.ceil(STRENGTHS * Math.sqrt(share));
  if (share < LEAST_SHARE) return null;
  return { strength, text: share < LEAST_NUMBER ? '' : (100 * share).toFixed(0) };
}
