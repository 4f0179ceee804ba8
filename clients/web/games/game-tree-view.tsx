/** One tree of games, with the board at the marked place and what is known of the position. */

import type { ComponentChildren } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import { gameToSgf } from '../../shared/game-sgf.js';
import { recordsOf, viewOf } from '../../shared/game-view.js';
import { formatVertex } from '../../../src/go/vertex.js';
import { GameServiceDefinition, type GetGameResponse } from '../../../src/proto/tengen/v1/game.js';
import { Board } from '../board/goban.js';
import { lineFromRecord, positionAt, type Line } from '../board/line.js';
import type { Calls } from '../calls.js';
import { useLoaded } from '../loaded.js';
import { Notice } from '../notice.js';
import { linkTo } from '../route.js';
import { saveFile } from '../save-file.js';
import { TreeDrawing } from './tree-drawing.js';
import { factsAt, sharesOf, type Place, type PlaceFacts, type ShownTree } from './tree-place.js';

export interface GameTreeViewProps {
  readonly calls: Calls;
  readonly gameId: string;
  /** Shows a game on the board of the first tab. */
  readonly openLine: (line: Line) => void;
}

export function GameTreeView({ calls, gameId, openLine }: GameTreeViewProps): ComponentChildren {
  const { getGame } = GameServiceDefinition.methods;
  const { value, error } = useLoaded(
    (signal) => calls.call(GameServiceDefinition, getGame, { gameId }, { signal }),
    [calls, gameId],
  );
  return (
    <section class="content" aria-label={`Game ${gameId}`}>
      <Notice text={error} />
      {value && <ShownGame key={gameId} response={value} openLine={openLine} />}
    </section>
  );
}

function ShownGame({
  response,
  openLine,
}: {
  readonly response: GetGameResponse;
  readonly openLine: (line: Line) => void;
}): ComponentChildren {
  const tree = useMemo<ShownTree>(() => ({ view: viewOf(response), records: recordsOf(response) }), [response]);
  const [place, setPlace] = useState<Place>({ variation: 0, ply: 0 });
  const line = useMemo(() => lineFromRecord(tree.records[place.variation]!, place.ply), [tree, place]);
  const facts = useMemo(() => factsAt(tree, place), [tree, place]);
  const overlay = useMemo(() => ({ shares: sharesOf(facts.search, line.size) }), [facts, line.size]);
  const position = useMemo(() => positionAt(line), [line]);
  const { view } = tree;
  return (
    <>
      <h1>{view.gameId}</h1>
      <p class="quiet">{summary(tree)}</p>
      <TreeDrawing tree={tree} place={place} onPlace={setPlace} />
      <div class="place">
        <Board position={position} overlay={overlay} label={`Variation ${place.variation}, move ${place.ply}`} />
        <div class="side">
          <Facts place={place} facts={facts} line={line} />
          <div class="buttons">
            <a class="button" href={linkTo('board')} onClick={() => openLine(line)}>
              Open on the board
            </a>
            <button
              type="button"
              onClick={() => saveFile(`${view.gameId}.sgf`, 'application/x-go-sgf', gameToSgf(response))}
            >
              Save tree as SGF
            </button>
          </div>
        </div>
      </div>
    </>
  );
}

function summary({ view }: ShownTree): string {
  const { kind, size, komi, modelVersion, variations, plannedVariations, positions, threshold } = view;
  const won = (winner: number): number => variations.filter((variation) => variation.winner === winner).length;
  const facts = [kind, `${size}×${size}`, `komi ${komi}`, modelVersion];
  if (kind === 'tree') {
    facts.push(`${variations.length} of ${plannedVariations} games`, `Black won ${won(1)}, White ${won(-1)}`);
    facts.push(`${positions.length} positions`, `a branch may begin above LCR ${threshold.toFixed(3)}`);
  }
  return facts.join(' · ');
}

interface FactsProps {
  readonly place: Place;
  readonly facts: PlaceFacts;
  readonly line: Line;
}

function Facts({ place: { variation, ply }, facts: { search, position }, line }: FactsProps): ComponentChildren {
  const next = line.turns[ply];
  const rows: [string, string][] = [
    ['Variation', String(variation)],
    ['Moves before', String(ply)],
    ['Played next', next ? formatVertex(next.action, line.size) : 'the game ended'],
  ];
  if (search && search.policy.length > 0)
    rows.push(['Search', `${search.visits} visits${search.full ? '' : ', cheap'}`]);
  if (position) {
    const { labelChangeRate, winRate, valueLabel, games, eligible } = position;
    const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
    rows.push(['Black wins, by the search', percent(winRate)], ['Value label', percent(valueLabel)]);
    rows.push(['Games through it', String(games)]);
    rows.push(['Label Change Rate', `${labelChangeRate.toFixed(3)}${eligible ? ', a branch may begin' : ''}`]);
  }
  return (
    <table class="facts">
      <tbody>
        {rows.map(([name, text]) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td>{text}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
