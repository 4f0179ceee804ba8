import { expect, it } from 'vitest';
import type { Opinion } from '../../../src/player/opinion.js';
import { Judgements } from '../../../clients/web/board/judgements.js';
import { emptyLine, goTo, played, undo } from '../../../clients/web/board/line.js';

const opinion = (value: number, score: number, visits = 1): Opinion => ({
  size: 5,
  visits,
  value,
  rawValue: value,
  utility: value,
  score,
  scoreStdev: NaN,
  lead: score,
  candidates: [],
  ownership: new Float32Array(25),
});

it('judgements are kept for Black, by position, wherever the game is shown', () => {
  const judgements = new Judgements();
  const empty = emptyLine(5);
  const one = played(empty, 12);
  judgements.note(empty, opinion(0.5, 3));
  // White is to move, and ahead.
  judgements.note(one, opinion(0.5, 3));
  const three = played(played(one, 7), 8);
  expect(judgements.of(goTo(three, 1))).toEqual([
    { winRate: 0.75, score: 3, visits: 1 },
    { winRate: 0.25, score: -3, visits: 1 },
    undefined,
    undefined,
  ]);
});

it('an opinion of more visits stays, one of as many is renewed', () => {
  const judgements = new Judgements();
  const line = emptyLine(5);
  for (const [value, visits] of [
    [0, 16],
    [1, 1],
  ] as const)
    judgements.note(line, opinion(value, 0, visits));
  expect(judgements.at(line, 0)).toMatchObject({ winRate: 0.5, visits: 16 });
  judgements.note(line, opinion(-1, 0, 16));
  expect(judgements.at(line, 0)).toMatchObject({ winRate: 0 });
});

it('another move at the same place, and another game, are not known', () => {
  const judgements = new Judgements();
  const line = played(emptyLine(5), 12);
  judgements.note(line, opinion(0.2, 1));
  expect(judgements.at(played(undo(line), 13), 1)).toBeUndefined();
  expect(judgements.at(emptyLine(5), 0)).toBeUndefined();
  expect(judgements.at(played(goTo(line, 0), 12), 1)).toBeDefined();
});
