/** The board with what a model thinks, to look at any position and to play against the model. */

import type { ComponentChildren } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import type { AnsweredPrecision } from '../../../src/core/precision.js';
import type { Candidate, Opinion } from '../../../src/player/opinion.js';
import { BLACK, colorName, type Color } from '../../../src/go/color.js';
import type { Position } from '../../../src/go/position.js';
import { formatResult } from '../../../src/go/sgf/write.js';
import { formatVertex } from '../../../src/go/vertex.js';
import type { SearchPlace } from '../../shared/game-thinker.js';
import type { Calls } from '../calls.js';
import { useLoaded } from '../loaded.js';
import { Notice } from '../notice.js';
import { Candidates } from './candidates.js';
import { firstChoices, type Choices, type OverlayName } from './choices.js';
import { GameControls } from './game-controls.js';
import { GameGraph } from './game-graph.js';
import { Board, type Overlay } from './goban.js';
import { emptyLine, goTo, play, played, positionAt, toMoveAt, type Line } from './line.js';
import { firstSize, listModelChoices, modelFor, type ModelChoice } from './models.js';
import { MoveControls } from './move-controls.js';
import { useOpinion } from './use-opinion.js';
import { Verdict } from './verdict.js';

export interface BoardViewProps {
  readonly calls: Calls;
  readonly line: Line;
  readonly setLine: (line: Line) => void;
}

/** The board with its controls, and beside it what the network thinks of the position shown. */
export function BoardView({ calls, line, setLine }: BoardViewProps): ComponentChildren {
  const [choices, setChoices] = useState<Choices>(firstChoices);
  const change = (changes: Partial<Choices>): void => setChoices((now) => ({ ...now, ...changes }));
  const [notice, setNotice] = useState('');
  const [pointed, setPointed] = useState<Candidate>();
  const models = useLoaded((signal) => listModelChoices(calls, signal), [calls]);
  const position = useMemo(() => positionAt(line), [line]);
  const choice = models.value?.find(({ ref }) => ref === choices.model);
  const fits = choice?.sizes.includes(line.size) ?? false;
  const toMove = toMoveAt(line, line.ply);
  const isModelsTurn = choices.modelPlays === toMove && line.ply === line.turns.length;
  const { opinion, precision, place, isThinking, error } = useOpinion(calls, {
    line,
    model: fits ? choices.model : undefined,
    visits: choices.visits,
    place: choices.place,
    onChoice: isModelsTurn
      ? (chosen, at) => {
          if (chosen === 'resign') setNotice(`${capital(colorName(toMove))} resigns`);
          else setLine(played(at, chosen));
        }
      : undefined,
  });

  useEffect(() => setNotice(''), [line]);
  useEffect(() => setPointed(undefined), [opinion]);
  useFittingModel(models.value, line, choices, { setChoices: change, setLine });

  const tryPlay = (action: number): void => {
    const next = play(line, action);
    if ('illegal' in next) setNotice(`${formatVertex(action, line.size)} is illegal: ${next.illegal}`);
    else setLine(next);
  };
  const shown = choices.overlay;
  const overlay = useMemo(() => overlayOf(opinion, shown, toMove, pointed), [opinion, shown, toMove, pointed]);
  const said = notice || error || models.error || whyNoModel(models.value, line, fits);
  return (
    <div class="board-view">
      <section class="board-column" aria-label="Board">
        <Board position={position} overlay={overlay} label={describe(line, position)} onPoint={tryPlay} />
        <MoveControls line={line} setLine={setLine} onPlay={tryPlay} />
        <GameGraph line={line} model={choices.model} opinion={opinion} onPly={(ply) => setLine(goTo(line, ply))} />
      </section>
      <section class="side" aria-label="What the model thinks">
        <Status
          text={describe(line, position)}
          activity={isThinking ? (isModelsTurn ? 'the model thinks' : 'thinking') : ''}
          precision={precision}
          place={place}
        />
        <Verdict opinion={opinion} toMove={toMove} />
        <Notice text={said} />
        <Candidates opinion={opinion} toMove={toMove} onPoint={setPointed} onPlay={tryPlay} />
        <GameControls
          models={models.value ?? []}
          choices={choices}
          setChoices={change}
          line={line}
          setLine={setLine}
          onTrouble={setNotice}
        />
      </section>
    </div>
  );
}

function Status({
  text,
  activity,
  precision,
  place,
}: {
  readonly text: string;
  readonly activity: string;
  readonly precision: AnsweredPrecision | undefined;
  readonly place: SearchPlace | undefined;
}): ComponentChildren {
  return (
    <p class="status" role="status">
      {text}
      {precision && (
        <span class="precision" title="Precision in which the model evaluates this game" data-testid="precision">
          {precision}
        </span>
      )}
      {place && (
        <span class="precision" title="Where the search runs" data-testid="place">
          {place === 'server' ? 'on the server' : 'in the browser'}
        </span>
      )}
      {activity !== '' && <span class="thinking">{activity}</span>}
    </p>
  );
}

/** The model gives way to the game, and an empty board to the model. */
function useFittingModel(
  models: readonly ModelChoice[] | undefined,
  line: Line,
  { model }: Choices,
  setters: { readonly setChoices: (changes: Partial<Choices>) => void; readonly setLine: (line: Line) => void },
): void {
  useEffect(() => {
    if (!models) return;
    const fitting = modelFor(models, model, line.size);
    const first = models[0];
    if (fitting) setters.setChoices({ model: fitting.ref });
    else if (first && line.turns.length === 0) setters.setLine(emptyLine(firstSize(first)));
  }, [models, line.size]);
}

function overlayOf(
  opinion: Opinion | undefined,
  name: OverlayName,
  toMove: Color,
  pointed: Candidate | undefined,
): Overlay {
  if (!opinion) return {};
  if (pointed) return { variation: pointed.line };
  const { size, candidates, ownership } = opinion;
  switch (name) {
    case 'policy':
    case 'visits': {
      const shares = new Float32Array(size * size + 1);
      const total = candidates.reduce((sum, { visits }) => sum + visits, 0);
      for (const { action, prior, visits } of candidates) {
        shares[action] = name === 'policy' ? prior : total > 0 ? visits / total : 0;
      }
      return { shares };
    }
    case 'ownership':
      return { ownership: toMove === BLACK ? ownership : ownership.map((owner) => -owner) };
    case 'nothing':
      return {};
  }
}

function describe({ size, turns, ply }: Line, position: Position): string {
  const last = turns[ply - 1];
  const before = last ? `Move ${ply}: ${colorName(last.color)} ${formatVertex(last.action, size)}.` : 'Empty board.';
  if (position.isOver) return `${before} The game is over: ${formatResult(position.score())}.`;
  return `${before} ${capital(colorName(position.toMove))} to move.`;
}

function whyNoModel(models: readonly unknown[] | undefined, { size }: Line, fits: boolean): string {
  if (!models || fits) return '';
  return models.length === 0
    ? 'There is no model yet; start a training job, or import one'
    : `No model here plays ${size}×${size}`;
}

function capital(text: string): string {
  return text[0]!.toUpperCase() + text.slice(1);
}
