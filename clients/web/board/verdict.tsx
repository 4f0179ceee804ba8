/** Who is ahead: a bar with Black's chance to win, and the score. */

import type { ComponentChildren } from 'preact';
import { toWinrate, type Opinion } from '../../../src/player/opinion.js';
import { BLACK, type Color } from '../../../src/go/color.js';

/** Black's chance, 0 to 1. */
export function blackWinRate(value: number, toMove: Color): number {
  const rate = toWinrate(value);
  return toMove === BLACK ? rate : 1 - rate;
}

/** A score as people write it. @param score positive if Black is ahead */
export function formatScore(score: number): string {
  return `${score >= 0 ? 'B' : 'W'}+${Math.abs(score).toFixed(1)}`;
}

/** The bar; empty while there is no opinion. */
export function Verdict({
  opinion,
  toMove,
}: {
  readonly opinion: Opinion | undefined;
  readonly toMove: Color;
}): ComponentChildren {
  const rate = opinion && blackWinRate(opinion.value, toMove);
  const percent = rate === undefined ? '–' : `${(100 * rate).toFixed(1)} %`;
  const other = rate === undefined ? '–' : `${(100 - 100 * rate).toFixed(1)} %`;
  const score = opinion && formatScore(toMove === BLACK ? opinion.score : -opinion.score);
  return (
    <div class="verdict">
      <div class="verdict-numbers">
        <span>
          <span class="stone black" /> <b data-testid="black-win-rate">{percent}</b>
        </span>
        <span class="score" title="Expected score">
          {score ?? ''}
        </span>
        <span>
          <b>{other}</b> <span class="stone white" />
        </span>
      </div>
      <div
        class="win-bar"
        role="img"
        aria-label={rate === undefined ? 'No evaluation yet' : `Black wins with ${percent}`}
      >
        <div style={{ width: `${100 * (rate ?? 0.5)}%` }} />
      </div>
    </div>
  );
}
