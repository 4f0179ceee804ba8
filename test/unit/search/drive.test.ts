import { describe, expect, it } from 'vitest';
import { Rng } from '../../../src/core/rng.js';
import { drive, driveSync, LockstepGroup } from '../../../src/search/drive.js';
import type { Evaluation } from '../../../src/search/evaluator.js';
import { search } from '../../../src/search/search.js';
import type { SearchResult } from '../../../src/search/search-result.js';
import { Tree } from '../../../src/search/tree.js';
import { opinionated, TicTacToe } from '../../support/toy-games.js';

const later = { evaluate: (positions: readonly TicTacToe[]) => Promise.resolve(opinionated(positions)) };
const start = (seed: number, tree?: Tree) =>
  search(new TicTacToe(), { visits: 20 + seed, dirichletTotal: 5 }, new Rng(seed), tree);

describe('drive', () => {
  it('gives what a synchronous evaluator gives', async () => {
    expect(await drive(start(1), later)).toEqual(driveSync(start(1), opinionated));
  });

  it('passes failures on and leaves the tree usable', async () => {
    const tree = new Tree();
    let calls = 0;
    const failing = {
      evaluate: (positions: readonly TicTacToe[]) =>
        ++calls > 5 ? Promise.reject(new Error('gone')) : Promise.resolve(opinionated(positions)),
    };
    await expect(drive(start(1, tree), failing)).rejects.toThrow('gone');
    expect(Math.max(...tree.inFlight)).toBe(0);
    expect(tree.visits[0]).toBe(5);
  });

  it('stops when its signal aborts', async () => {
    const controller = new AbortController();
    const aborting = {
      evaluate: (positions: readonly TicTacToe[]) => (controller.abort(), Promise.resolve(opinionated(positions))),
    };
    await expect(drive(start(1), aborting, { signal: controller.signal })).rejects.toMatchObject({ kind: 'cancelled' });
  });
});

type Group = LockstepGroup<readonly TicTacToe[], readonly Evaluation[], SearchResult>;
const answer = (questions: readonly (readonly TicTacToe[])[]) => Promise.resolve(questions.map(opinionated));
const fail = (error: unknown): never => {
  throw error as Error;
};

describe('a lockstep group', () => {
  it('gives every search what it would have found alone', async () => {
    const group: Group = new LockstepGroup();
    const results: SearchResult[] = [];
    for (let seed = 0; seed < 10; seed++) group.add(start(seed), (result) => (results[seed] = result), fail);
    let steps = 0;
    for (; group.size > 0; steps++) await group.step(answer);
    expect(steps).toBe(30);
    results.forEach((result, seed) => expect(result).toEqual(driveSync(start(seed), opinionated)));
    expect(results).toHaveLength(10);
  });

  it('takes in new searches when others end and while it waits', async () => {
    const group: Group = new LockstepGroup();
    let ended = 0;
    const next = (seed: number): void => {
      group.add(
        start(seed),
        () => {
          ended++;
          if (seed < 5) next(seed + 1);
        },
        fail,
      );
    };
    next(0);
    let added = false;
    while (group.size > 0) {
      await group.step(async (questions) => {
        if (!added) next(5);
        added = true;
        return answer(questions);
      });
    }
    expect(ended).toBe(7);
  });

  it('can try a step again that could not be answered', async () => {
    const group: Group = new LockstepGroup();
    let result: SearchResult | undefined;
    group.add(start(3), (found) => (result = found), fail);
    for (let i = 0; group.size > 0; i++) {
      if (i % 3 === 1) await expect(group.step(() => Promise.reject(new Error('lost')))).rejects.toThrow('lost');
      else await group.step(answer);
    }
    expect(result).toEqual(driveSync(start(3), opinionated));
  });

  it('reports a generator that throws and carries on with the rest', async () => {
    const group: Group = new LockstepGroup();
    const errors: unknown[] = [];
    let ended = 0;
    group.add(start(1), () => ended++, fail);
    group.add(start(2), fail, (error) => errors.push(error));
    await group.step((questions) => Promise.resolve(questions.map((q, i) => (i === 1 ? [] : opinionated(q)))));
    expect(errors).toHaveLength(1);
    while (group.size > 0) await group.step(answer);
    expect(ended).toBe(1);
  });
});
