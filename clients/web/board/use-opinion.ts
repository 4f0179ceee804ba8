/** What the model thinks of the position shown, as it thinks it; and its move, where it is its turn. */

import { useEffect, useMemo, useState } from 'preact/hooks';
import type { Opinion } from '../../../src/player/opinion.js';
import type { Choice } from '../../../src/player/move-choice.js';
import type { AnsweredPrecision } from '../../../src/core/precision.js';
import { AppError } from '../../../src/core/errors.js';
import type { Calls } from '../calls.js';
import type { SearchPlace } from '../../shared/game-thinker.js';
import type { searchPlaces } from '../../shared/search-place.js';
import { PageEvaluator } from '../page-evaluator.js';
import { searchConnection } from '../search-connection.js';
import { useVisibility } from '../stream.js';
import { Analyst } from './analyst.js';
import { positionAt, type Line } from './line.js';

/** What is to be thought about. */
export interface Question {
  readonly line: Line;
  /** A name or name@version; nothing is thought without one. */
  readonly model: string | undefined;
  readonly visits: number;
  /** Where to search. */
  readonly place: (typeof searchPlaces)[number];
  /** Told of the move that the model makes, if it is its turn. */
  readonly onChoice: ((choice: Choice, line: Line) => void) | undefined;
}

/** What the model thinks. */
export interface Thoughts {
  /** Of the position shown, for the side to move; undefined until there is one. */
  readonly opinion: Opinion | undefined;
  /** In which the model evaluates this game; undefined before the first answer. */
  readonly precision: AnsweredPrecision | undefined;
  /** Where the search of the opinion ran. */
  readonly place: SearchPlace | undefined;
  readonly isThinking: boolean;
  /** What went wrong, as a sentence; '' if nothing did. */
  readonly error: string;
}

const nothing: Thoughts = {
  opinion: undefined,
  precision: undefined,
  place: undefined,
  isThinking: false,
  error: '',
};

/** Thinks for as long as the question stays the same. */
export function useOpinion(calls: Calls, { line, model, visits, place, onChoice }: Question): Thoughts {
  const [thoughts, setThoughts] = useState<Thoughts & { readonly line?: Line; readonly analyst?: Analyst }>(nothing);
  const analyst = useMemo(() => {
    if (model === undefined) return undefined;
    return new Analyst({
      makeEvaluator: (ownership, precision) => new PageEvaluator(calls, model, ownership, precision),
      connection: searchConnection(calls),
      model,
      place,
      onTrouble: ({ message }) => setThoughts((now) => ({ ...now, error: message })),
    });
  }, [calls, model, place]);
  useLeaving(analyst, thoughts.isThinking);
  const mayChoose = onChoice !== undefined;
  useEffect(() => {
    if (!analyst || positionAt(line).isOver) {
      setThoughts(nothing);
      return;
    }
    const left = new AbortController();
    setThoughts({ ...nothing, isThinking: true });
    const think = async (): Promise<void> => {
      let opinion: Opinion | undefined;
      const found = { line, analyst, place: await analyst.place, error: '' };
      for await (opinion of analyst.analyse(line, visits, left.signal)) {
        if (left.signal.aborted) return;
        setThoughts({ ...found, opinion, precision: analyst.precision, isThinking: true });
      }
      if (left.signal.aborted || !opinion) return;
      setThoughts({ ...found, opinion, precision: analyst.precision, isThinking: false });
      onChoice?.(analyst.choose(line, opinion), line);
    };
    think().catch((error: unknown) => {
      if (!left.signal.aborted) setThoughts({ ...nothing, error: AppError.from(error).message });
    });
    return () => left.abort();
  }, [analyst, line, visits, mayChoose]);
  // Between a change of position or model and the effect that follows it, the opinion is of those before.
  const isOfBefore = thoughts.line !== line || thoughts.analyst !== analyst;
  return thoughts.opinion && isOfBefore ? nothing : thoughts;
}

/** Has an analyst leave the server when nobody looks: a browser opens few connections to a server, and other tabs want theirs. */
function useLeaving(analyst: Analyst | undefined, isThinking: boolean): void {
  const isVisible = useVisibility();
  useEffect(() => {
    if (!isVisible && !isThinking) analyst?.leave();
  }, [analyst, isVisible, isThinking]);
  useEffect(() => () => analyst?.leave(), [analyst]);
}
