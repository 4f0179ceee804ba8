/**
 * Black's chance to win and the score over the moves of the game, where they were looked at; a click goes to the move.
 * Moves that nobody looked at are not evaluated for it: with a large network a whole game would keep the server's other
 * callers waiting.
 */

import type { ComponentChildren } from 'preact';
import { useMemo } from 'preact/hooks';
import type { Opinion } from '../../../src/player/opinion.js';
import { Chart } from '../chart.js';
import { Judgements } from './judgements.js';
import type { Line } from './line.js';

/** The graph has at least so many moves, so that the first ones do not fill it. */
const LEAST_MOVES = 10;

export interface GameGraphProps {
  readonly line: Line;
  readonly model: string | undefined;
  /** Of the position shown, by that model. */
  readonly opinion: Opinion | undefined;
  readonly onPly: (ply: number) => void;
}

export function GameGraph({ line, model, opinion, onPly }: GameGraphProps): ComponentChildren {
  const judgements = useMemo(() => new Judgements(), [model, line.rules]);
  const { x, series } = useMemo(() => {
    if (opinion) judgements.note(line, opinion);
    return curveOf(judgements, line);
  }, [judgements, line, opinion]);
  return (
    <div class="game-graph">
      <Chart
        title="Over the game"
        x={x}
        series={series}
        xName="move"
        isCount
        height={104}
        range={[0, 100]}
        marked={line.ply}
        onChoose={onPly}
      />
    </div>
  );
}

function curveOf(judgements: Judgements, line: Line): Pick<Parameters<typeof Chart>[0], 'x' | 'series'> {
  const known = judgements.of(line);
  const x = Array.from({ length: Math.max(known.length, LEAST_MOVES + 1) }, (_, ply) => ply);
  const rates = x.map((ply) => (known[ply] ? 100 * known[ply].winRate : null));
  const scores = x.map((ply) => known[ply]?.score ?? null);
  return {
    x,
    series: [
      { name: 'Black wins, %', y: rates },
      { name: 'score', y: scores, isBalance: true },
    ],
  };
}
