/** The moves that the model considers, best first; the one pointed at shows its line on the board. */

import type { ComponentChildren } from 'preact';
import type { Candidate, Opinion } from '../../../src/player/opinion.js';
import { BLACK, type Color } from '../../../src/go/color.js';
import { formatVertex } from '../../../src/go/vertex.js';
import { blackWinRate, formatScore } from './verdict.js';

const SHOWN = 8;

/** What the list shows. */
export interface CandidatesProps {
  readonly opinion: Opinion | undefined;
  readonly toMove: Color;
  readonly onPoint: (candidate: Candidate | undefined) => void;
  readonly onPlay: (action: number) => void;
}

/** The moves that the search looked at, the best first; a click plays one. */
export function Candidates({ opinion, toMove, onPoint, onPlay }: CandidatesProps): ComponentChildren {
  const candidates = opinion?.candidates.slice(0, SHOWN) ?? [];
  // A single evaluation knows no values of moves.
  const hasValues = candidates.some(({ visits }) => visits > 0);
  const percent = (share: number): string => (100 * share).toFixed(1);
  return (
    <table class="candidates" onMouseLeave={() => onPoint(undefined)}>
      <thead>
        <tr>
          <th scope="col">Move</th>
          <th scope="col" title="What the network alone gives the move">
            Policy %
          </th>
          <th scope="col">Visits</th>
          <th scope="col" title="Black's chance to win after the move">
            Black %
          </th>
          <th scope="col">Score</th>
        </tr>
      </thead>
      <tbody>
        {candidates.map((candidate) => {
          const { action, prior, visits, value, score } = candidate;
          const vertex = formatVertex(action, opinion!.size);
          const isKnown = hasValues && visits > 0;
          return (
            <tr key={action} onMouseEnter={() => onPoint(candidate)}>
              <th scope="row">
                <button
                  type="button"
                  class="link"
                  aria-label={`Play ${vertex}`}
                  onFocus={() => onPoint(candidate)}
                  onBlur={() => onPoint(undefined)}
                  onClick={() => onPlay(action)}
                >
                  {vertex}
                </button>
              </th>
              <td>{percent(prior)}</td>
              <td>{visits || ''}</td>
              <td>{isKnown ? percent(blackWinRate(value, toMove)) : ''}</td>
              <td>{isKnown ? formatScore(toMove === BLACK ? score : -score) : ''}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
