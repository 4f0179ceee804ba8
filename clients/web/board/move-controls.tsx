/** Through the moves of the game and on from there; the arrow keys do the same. */

import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useState } from 'preact/hooks';
import { AppError } from '../../../src/core/errors.js';
import { parseVertex } from '../../../src/go/vertex.js';
import { goTo, undo, type Line } from './line.js';

export interface MoveControlsProps {
  readonly line: Line;
  readonly setLine: (line: Line) => void;
  readonly onPlay: (action: number) => void;
}

const keys: Readonly<Record<string, (line: Line) => Line>> = {
  ArrowLeft: (line) => goTo(line, line.ply - 1),
  ArrowRight: (line) => goTo(line, line.ply + 1),
  ArrowUp: (line) => goTo(line, line.ply - 10),
  ArrowDown: (line) => goTo(line, line.ply + 10),
  Home: (line) => goTo(line, 0),
  End: (line) => goTo(line, line.turns.length),
};

export function MoveControls({ line, setLine, onPlay }: MoveControlsProps): ComponentChildren {
  // With the line at once, not after painting: a key in between would act on the line before, and lose its last move.
  useLayoutEffect(() => {
    const press = (event: KeyboardEvent): void => {
      const move = keys[event.key];
      const isTyping = event.target instanceof Element && event.target.closest('input, select, textarea, dialog');
      if (!move || isTyping || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      setLine(move(line));
    };
    addEventListener('keydown', press);
    return () => removeEventListener('keydown', press);
  }, [line, setLine]);
  const step = (label: string, icon: string, key: string, isPossible: boolean): ComponentChildren => (
    <button
      type="button"
      aria-label={label}
      title={`${label} (${key.replace('Arrow', '')})`}
      disabled={!isPossible}
      onClick={() => setLine(keys[key]!(line))}
    >
      <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
        <path d={icon} />
      </svg>
    </button>
  );
  const [isFirst, isLast] = [line.ply === 0, line.ply === line.turns.length];
  return (
    <div class="move-controls" role="group" aria-label="Moves">
      {step('First position', 'M5 3v10M13 3 7 8l6 5z', 'Home', !isFirst)}
      {step('Back', 'M12 3 5 8l7 5z', 'ArrowLeft', !isFirst)}
      <span class="ply">
        {line.ply} / {line.turns.length}
      </span>
      {step('Forward', 'M4 3l7 5-7 5z', 'ArrowRight', !isLast)}
      {step('Last position', 'M11 3v10M3 3l6 5-6 5z', 'End', !isLast)}
      <button type="button" disabled={isFirst} onClick={() => setLine(undo(line))}>
        Undo
      </button>
      <button type="button" onClick={() => onPlay(line.size * line.size)}>
        Pass
      </button>
      <VertexInput size={line.size} onPlay={onPlay} />
    </div>
  );
}

/** Plays a move that is typed. */
function VertexInput({ size, onPlay }: Pick<MoveControlsProps, 'onPlay'> & { size: number }): ComponentChildren {
  const [text, setText] = useState('');
  const [refusal, setRefusal] = useState('');
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        try {
          onPlay(parseVertex(text, size));
          setText('');
        } catch (error) {
          setRefusal(AppError.from(error).message);
        }
      }}
    >
      <input
        class="vertex"
        aria-label="Play a move, such as D4 or pass"
        placeholder="D4"
        title={refusal || 'Type a move and press Enter'}
        aria-invalid={refusal !== ''}
        value={text}
        onInput={(event) => {
          setText(event.currentTarget.value);
          setRefusal('');
        }}
      />
    </form>
  );
}
