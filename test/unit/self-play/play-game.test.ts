import { describe, expect, it } from 'vitest';
import type { GameTask, PlaySettings } from '../../../clients/self-play/game-task.js';
import { playGame } from '../../../clients/self-play/play-game.js';
import type { Question } from '../../../clients/self-play/running-game.js';
import { BLACK, WHITE } from '../../../src/go/color.js';
import type { GoEvaluation } from '../../../src/go/evaluation.js';
import { replayGame, unpackPolicy, type GameRecord, type SearchRecord } from '../../../src/go/game-record.js';
import type { Position } from '../../../src/go/position.js';
import { labelChangeRate } from '../../../src/methods/branching/label-change-rate.js';

const size = 5;
const pass = 25;
const base: PlaySettings = {
  size,
  rules: { ko: 'positional', suicide: false, komi: 0.5 },
  visits: 16,
  cheapVisits: 0,
  fullSearchShare: 1,
  gumbelRoot: true,
  gumbelActions: 8,
  temperatureMoves: 4,
  resignThreshold: -1,
  resignPlayoutShare: 0,
  maxMoves: 60,
  dirichletTotal: 10,
  lateTemperature: 0,
  earlyForkShare: 0,
  fullSearchAbove: 0,
};

const taskOf = (settings: Partial<PlaySettings> = {}, seed = 1): GameTask => ({
  gameId: 'game',
  jobId: 'job',
  modelVersion: 'net@1',
  seed,
  settings: { ...base, ...settings },
});

/** An opinion that depends on the position alone. */
function opinion(position: Position, bias = 0): GoEvaluation {
  const mix = Math.imul(position.hashLow ^ (position.moveCount * 40503), 0x9e3779b1) >>> 0;
  const logits = Float32Array.from(
    { length: position.actionCount },
    (_, a) => ((Math.imul(mix, a + 1) >>> 9) % 100) / 50,
  );
  logits[position.actionCount - 1] = position.moveCount > 20 ? 3 : -3;
  const value = Math.max(
    -1,
    Math.min(1, ((mix >>> 5) % 100) / 200 - 0.25 + (position.toMove === BLACK ? bias : -bias)),
  );
  return { logits, value, win: (1 + value) / 2, draw: 0, loss: (1 - value) / 2, score: 0 };
}

interface Played {
  readonly record: GameRecord;
  readonly questions: { readonly model: string; readonly moveCount: number; readonly count: number }[];
}

function play(
  task: GameTask,
  evaluate: (position: Position, model: string) => GoEvaluation = (p) => opinion(p),
): Played {
  const questions: Played['questions'][number][] = [];
  const game = playGame(task);
  let step = game.next();
  while (!step.done) {
    const { model, positions }: Question = step.value;
    questions.push({ model, moveCount: positions[0]!.moveCount, count: positions.length });
    step = game.next(positions.map((position) => evaluate(position, model)));
  }
  return { record: step.value, questions };
}

describe.each([true, false])('a self-play game (Gumbel root: %s)', (gumbelRoot) => {
  it('is one that the server accepts', () => {
    for (let seed = 0; seed < 8; seed++) {
      const { record } = play(taskOf({ gumbelRoot }, seed));
      expect(() => replayGame(record)).not.toThrow();
      expect(record.searches).toHaveLength(record.moves.length);
      expect(record).toMatchObject({ gameId: 'game', jobId: 'job', modelVersion: 'net@1', seed, size });
    }
  });

  it('is the same for the same seed and another for another', () => {
    const [first, again, other] = [3, 3, 4].map((seed) => play(taskOf({ gumbelRoot }, seed)).record);
    expect(again).toEqual(first);
    expect(other?.moves).not.toEqual(first?.moves);
  });

  it('asks about one position of its model at a time', () => {
    const { questions } = play(taskOf({ gumbelRoot }));
    expect(new Set(questions.map(({ model }) => model))).toEqual(new Set(['net@1']));
    expect(Math.max(...questions.map(({ count }) => count))).toBe(1);
  });

  it('makes the simulations it was told to', () => {
    const { record } = play(taskOf({ gumbelRoot, visits: 9 }));
    expect(new Set(record.searches.map(({ visits }) => visits))).toEqual(new Set([9]));
    expect(record.searches.every(({ full }) => full)).toBe(true);
  });

  it('mixes full and cheap searches', () => {
    const settings = { gumbelRoot, visits: 12, cheapVisits: 4, fullSearchShare: 0.25 };
    const searches = [1, 2, 3, 4, 5, 6].flatMap((seed) => play(taskOf(settings, seed)).record.searches);
    const full = searches.filter((search) => search.full);
    expect(full.every(({ visits }) => visits === 12)).toBe(true);
    expect(searches.filter((search) => !search.full).every(({ visits }) => visits === 4)).toBe(true);
    expect(full.length / searches.length).toBeGreaterThan(0.12);
    expect(full.length / searches.length).toBeLessThan(0.4);
  });

  it('searches in full wherever the search before found the result open', () => {
    const settings = { gumbelRoot, visits: 12, cheapVisits: 4, fullSearchShare: 0, fullSearchAbove: 0.46 };
    const isOpen = ({ value }: SearchRecord): boolean => labelChangeRate((1 + value) / 2) >= 0.46;
    for (let seed = 0; seed < 6; seed++) {
      const { searches } = play(taskOf(settings, seed), (position) => opinion(position, 0.25)).record;
      expect(searches.map(({ full }) => full)).toEqual(searches.map((_, i) => i === 0 || isOpen(searches[i - 1]!)));
      expect(new Set(searches.map(({ full }) => full)).size).toBe(2);
    }
  });

  it('stops after the most moves allowed and scores the board', () => {
    const { record } = play(taskOf({ gumbelRoot, maxMoves: 7 }));
    expect(record.moves).toHaveLength(7);
    expect(replayGame(record).score()).toBe(record.score);
  });

  it('has root values from the side to move', () => {
    // White is winning everywhere.
    const { record } = play(taskOf({ gumbelRoot, maxMoves: 10 }), (position) => opinion(position, -0.6));
    record.searches.forEach(({ value }, i) => expect(i % 2 === 0 ? -value : value).toBeGreaterThan(0.2));
  });

  it('plays the improved policy or visits it records while the temperature is on', () => {
    const { record } = play(taskOf({ gumbelRoot, temperatureMoves: 100 }));
    const policy = new Float32Array(pass + 1);
    record.moves.forEach((move, i) => {
      unpackPolicy(record.searches[i]!.policy, size, policy);
      expect(policy[move]).toBeGreaterThan(0);
    });
  });
});

describe('resignation', () => {
  const losing = (position: Position): GoEvaluation => opinion(position, 0.9);

  it('comes from the side whose root value stays below the threshold', () => {
    const { record } = play(taskOf({ resignThreshold: -0.4 }), losing);
    expect(record.resigned).toBe(WHITE);
    // White's second search in a row is the one before move 4.
    expect(record.moves).toHaveLength(3);
    expect(() => replayGame(record)).not.toThrow();
  });

  it('never comes with a threshold of -1', () => {
    expect(play(taskOf({ maxMoves: 12 }), losing).record.resigned).toBeUndefined();
  });

  it('does not come in the share of games that are played out', () => {
    const resigned = Array.from({ length: 40 }, (_, seed) => {
      const settings = { resignThreshold: -0.4, resignPlayoutShare: 0.5, maxMoves: 6, visits: 4 };
      return play(taskOf(settings, seed), losing).record.resigned !== undefined;
    });
    const share = resigned.filter(Boolean).length / resigned.length;
    expect(share).toBeGreaterThan(0.25);
    expect(share).toBeLessThan(0.75);
  });
});

describe('a rating game', () => {
  const opening = [12, 6, 18];
  const task: GameTask = {
    ...taskOf({ temperatureMoves: 30, dirichletTotal: 10 }),
    modelVersion: '',
    match: { blackModel: 'net@a', whiteModel: 'net@b', opening },
  };

  it('starts from its opening and is one that the server accepts', () => {
    const { record } = play(task);
    expect(record.moves.slice(0, 3)).toEqual(opening);
    expect(record.searches.slice(0, 3).every(({ policy, visits }) => policy.length === 0 && visits === 0)).toBe(true);
    expect(record.searches.some(({ full }) => full)).toBe(false);
    expect(record.match).toEqual(task.match);
    expect(() => replayGame(record)).not.toThrow();
  });

  it('asks each side its own model', () => {
    const roots = new Map<number, string>();
    for (const { model, moveCount } of play(task).questions) if (!roots.has(moveCount)) roots.set(moveCount, model);
    expect(roots.get(3)).toBe('net@b');
    const models = new Set(play(task).questions.map(({ model }) => model));
    expect(models).toEqual(new Set(['net@a', 'net@b']));
  });

  it('has nothing random', () => {
    expect(play({ ...task, seed: 99 }).record.moves).toEqual(play(task).record.moves);
  });

  it('is won by the model that knows who is winning', () => {
    // One model sees the score of the board, the other has no idea.
    const seeing = (position: Position, model: string): GoEvaluation => {
      const known = Math.tanh((position.toMove === BLACK ? 1 : -1) * position.score() * 0.3);
      const { logits } = opinion(position);
      const value = model === 'net@a' ? known : 0;
      return { logits, value, win: (1 + value) / 2, draw: 0, loss: (1 - value) / 2, score: 0 };
    };
    const asBlack = play(task, seeing).record.score;
    const asWhite = play({ ...task, match: { blackModel: 'net@b', whiteModel: 'net@a', opening } }, seeing).record
      .score;
    expect(asBlack).toBeGreaterThan(0);
    expect(asWhite).toBeLessThan(0);
  });
});
