/** Which model looks at the game, how hard, and which game it is. */

import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { AppError } from '../../../src/core/errors.js';
import { saveFile } from '../save-file.js';
import { SelectField } from '../select-field.js';
import { overlays, places, players, visitCounts, type Choices } from './choices.js';
import { emptyLine, lineFromFile, lineToSgf, type Line } from './line.js';
import { firstSize, type ModelChoice } from './models.js';

export interface GameControlsProps {
  readonly models: readonly ModelChoice[];
  readonly choices: Choices;
  readonly setChoices: (change: Partial<Choices>) => void;
  readonly line: Line;
  readonly setLine: (line: Line) => void;
  readonly onTrouble: (sentence: string) => void;
}

export function GameControls(props: GameControlsProps): ComponentChildren {
  const { models, choices, setChoices, line, setLine, onTrouble } = props;
  const played = models.find(({ ref }) => ref === choices.model)?.sizes ?? [];
  // A file may have a board that no model plays.
  const sizes = played.includes(line.size) ? played : [line.size, ...played];
  const choose = (ref: string | undefined): void => {
    const model = models.find((each) => each.ref === ref);
    if (!model) return;
    setChoices({ model: ref });
    if (!model.sizes.includes(line.size)) setLine(emptyLine(firstSize(model)));
  };
  const open = async (file: File): Promise<void> => {
    try {
      setLine(await lineFromFile(file));
    } catch (error) {
      onTrouble(`${file.name}: ${AppError.from(error).message}`);
    }
  };
  return (
    <div class="game-controls">
      <OverlayChoice choices={choices} setChoices={setChoices} />
      <div class="fields">
        <SelectField
          label="Model"
          isWide
          options={models.map(({ ref, title }) => ({ title, value: ref }))}
          value={choices.model}
          onChoose={choose}
        />
        <SelectField
          label="Visits a move"
          options={visitCounts.map((value) => ({ title: visitsTitle(value), value }))}
          value={choices.visits}
          onChoose={(visits) => setChoices({ visits })}
        />
        <SelectField
          label="Search"
          options={places}
          value={choices.place}
          onChoose={(place) => setChoices({ place })}
        />
        <SelectField
          label="You play"
          options={players}
          value={choices.modelPlays}
          onChoose={(modelPlays) => setChoices({ modelPlays })}
        />
        <SelectField
          label="Board"
          options={sizes.map((value) => ({ title: `${value}×${value}`, value }))}
          value={line.size}
          onChoose={(size) => setLine(emptyLine(size))}
        />
        <KomiField line={line} setLine={setLine} />
      </div>
      <div class="buttons">
        <button type="button" onClick={() => setLine(emptyLine(line.size, line.rules.komi))}>
          New game
        </button>
        <FileButton onFile={(file) => void open(file)} />
        <button type="button" onClick={() => saveFile('game.sgf', 'application/x-go-sgf', lineToSgf(line))}>
          Save SGF
        </button>
      </div>
    </div>
  );
}

function visitsTitle(visits: number): string {
  return visits === 1 ? '1 (network alone)' : visits.toLocaleString('en');
}

function OverlayChoice({ choices, setChoices }: Pick<GameControlsProps, 'choices' | 'setChoices'>): ComponentChildren {
  return (
    <div class="segments" role="group" aria-label="Show on the board">
      {overlays.map(({ name, title }) => (
        <button
          key={name}
          type="button"
          aria-pressed={choices.overlay === name}
          onClick={() => setChoices({ overlay: name })}
        >
          {title}
        </button>
      ))}
    </div>
  );
}

function KomiField({ line, setLine }: Pick<GameControlsProps, 'line' | 'setLine'>): ComponentChildren {
  const limit = line.size * line.size;
  return (
    <label>
      Komi
      <input
        type="number"
        step={0.5}
        min={-limit}
        max={limit}
        value={line.rules.komi}
        onChange={(event) => {
          const komi = event.currentTarget.valueAsNumber;
          if (event.currentTarget.validity.valid && Number.isFinite(komi)) {
            setLine({ ...line, rules: { ...line.rules, komi } });
          }
        }}
      />
    </label>
  );
}

function FileButton({ onFile }: { readonly onFile: (file: File) => void }): ComponentChildren {
  const [key, setKey] = useState(0);
  return (
    <label class="button">
      Open SGF
      <input
        // A new element, so that the same file can be opened again.
        key={key}
        type="file"
        accept=".sgf"
        class="hidden"
        onChange={(event) => {
          const file = event.currentTarget.files?.[0];
          if (file) onFile(file);
          setKey(key + 1);
        }}
      />
    </label>
  );
}
