import { describe, expect, it } from 'vitest';
import { Rng } from '../../../src/core/rng.js';
import { driveSync } from '../../../src/search/drive.js';
import { isRootOf, refresh } from '../../../src/search/graph.js';
import type { SearchOptions } from '../../../src/search/options.js';
import { katagoPuct } from '../../../src/search/puct.js';
import { Search, treeFor } from '../../../src/search/search.js';
import { EXPANDED, type Tree } from '../../../src/search/tree.js';
import type { Sharing } from '../../../src/search/twins.js';
import { positionKey, positionsOf, transpositions } from '../../support/shared-tic-tac-toe.js';
import { opinionated, TicTacToe, uniform } from '../../support/toy-games.js';

const options: SearchOptions<TicTacToe> = { ...katagoPuct, visits: 400 };
const graph: SearchOptions<TicTacToe> = { ...options, transpositions: transpositions('statistics') };

/** Searches leaf by leaf, and tells which positions were evaluated. */
function searched(
  game: TicTacToe,
  given: SearchOptions<TicTacToe>,
  tree = treeFor(given),
  evaluate: (games: readonly TicTacToe[]) => ReturnType<typeof opinionated> = opinionated,
): { made: Search<TicTacToe>; tree: Tree; evaluated: number[] } {
  const made = new Search(game, given, new Rng(1), tree);
  const evaluated: number[] = [];
  driveSync(made.run(), (games) => {
    evaluated.push(...games.map(positionKey));
    return evaluate(games);
  });
  return { made, tree, evaluated };
}

/** The best result that the player to move can force. */
function minimax(game: TicTacToe, known = new Map<number, number>()): number {
  if (game.isOver) return game.terminalValue();
  const key = positionKey(game);
  if (!known.has(key)) known.set(key, Math.max(...repliesTo(game).map((next) => -minimax(next, known))));
  return known.get(key)!;
}

function repliesTo(game: TicTacToe): TicTacToe[] {
  return [...game.cells.keys()]
    .filter((cell) => game.cells[cell] === 0)
    .map((cell) => {
      const next = game.clone();
      next.play(cell);
      return next;
    });
}

/** Visits of nodes are one and those of their edges, no edge has more than its node, and nothing is in flight. */
function expectSound(tree: Tree): void {
  for (const node of tree.reachable(0)) {
    expect(tree.inFlight[node]).toBe(0);
    if (tree.state[node] !== EXPANDED) continue;
    let visits = 1;
    for (let edge = tree.firstEdge[node]!; edge < tree.firstEdge[node]! + tree.edgeCount[node]!; edge++) {
      visits += tree.visitsThrough(edge);
      if (tree.child[edge] !== 0) expect(tree.visitsThrough(edge)).toBeLessThanOrEqual(tree.visits[tree.child[edge]!]!);
    }
    expect(tree.visits[node]).toBe(visits);
    expect(Math.abs(tree.meanValue(node, node))).toBeLessThanOrEqual(1.0001);
  }
  const [visits, value] = [tree.visits[0]!, tree.valueSum[0]!];
  // The root is computed anew by every simulation.
  refresh(tree, 0);
  expect([tree.visits[0], tree.valueSum[0]]).toEqual([visits, value]);
}

/** What a tree knows of every position, whatever the places of its nodes. */
function knowledge(tree: Tree, root: TicTacToe): Map<number, unknown> {
  const entries = [...positionsOf(tree, root)].map(([node, game]): [number, unknown] => [
    positionKey(game),
    [tree.visits[node], tree.valueSum[node], tree.squareSum[node], tree.state[node], tree.edgeCount[node]],
  ]);
  return new Map(entries);
}

function whole(tree: Tree, node = 0): unknown {
  const edges: unknown[] = [];
  for (let edge = tree.firstEdge[node]!; edge < tree.firstEdge[node]! + tree.edgeCount[node]!; edge++) {
    const child = tree.child[edge]!;
    edges.push([tree.action[edge], tree.prior[edge], child === 0 ? undefined : whole(tree, child)]);
  }
  return [tree.visits[node], tree.valueSum[node], tree.rawValue[node], tree.state[node], edges];
}

/** The last cell is closed in games that began with one certain move. */
class Grudge extends TicTacToe {
  readonly #opening: number;
  #first = -1;

  constructor(opening: number) {
    super();
    this.#opening = opening;
  }
  isClosed(action: number): boolean {
    return action === 8 && this.#first === this.#opening;
  }
  override play(action: number): void {
    if (this.isClosed(action)) throw new Error('closed');
    if (this.#first < 0) this.#first = action;
    super.play(action);
  }
  override legal(out: Uint8Array): number {
    const count = super.legal(out);
    if (!this.isClosed(8) || out[8] === 0) return count;
    out[8] = 0;
    return count - 1;
  }
  override get isOver(): boolean {
    return super.isOver || (this.isClosed(8) && this.legal(new Uint8Array(9)) === 0);
  }
  override clone(): this {
    const copy = new Grudge(this.#opening);
    copy.copyFrom(this);
    return copy as this;
  }
  override copyFrom(other: Grudge): void {
    super.copyFrom(other);
    this.#first = other.#first;
  }
}

describe('shared evaluations', () => {
  it('give the tree of a search that shares nothing, and ask for no position twice', () => {
    const alone = searched(new TicTacToe(), options);
    const shared = searched(new TicTacToe(), { ...options, transpositions: transpositions('evaluations') });
    expect(whole(shared.tree)).toEqual(whole(alone.tree));
    expect(shared.made.result()).toEqual(alone.made.result());
    expect(new Set(shared.evaluated).size).toBe(shared.evaluated.length);
    expect(new Set(alone.evaluated)).toEqual(new Set(shared.evaluated));
    expect(shared.evaluated.length).toBeLessThan(alone.evaluated.length);
  });

  it('work with Gumbel, and follow the game', () => {
    const given: SearchOptions<TicTacToe> = { visits: 120, root: 'gumbel' };
    const shared: SearchOptions<TicTacToe> = { ...given, transpositions: transpositions('evaluations') };
    const [one, other] = [searched(new TicTacToe(), given), searched(new TicTacToe(), shared)];
    for (const tree of [one.tree, other.tree]) tree.advance(4);
    const after = searched(new TicTacToe([4]), shared, other.tree);
    expect(whole(after.tree)).toEqual(whole(searched(new TicTacToe([4]), given, one.tree).tree));
    expect(new Set(after.evaluated).size).toBe(after.evaluated.length);
  });
});

describe('shared statistics', () => {
  it('keep one node a position and evaluate it once', () => {
    const { tree, evaluated, made } = searched(new TicTacToe(), graph);
    const keys = [...positionsOf(tree, new TicTacToe()).values()].map(positionKey);
    expect(new Set(keys).size).toBe(keys.length);
    expect(new Set(evaluated).size).toBe(evaluated.length);
    expect(tree.visits[0]).toBe(401);
    expect(made.result().visitCounts.reduce((a, b) => a + b)).toBe(400);
    expectSound(tree);
  });

  it('count a visit of a shared node once: the edge that comes second takes it over', () => {
    // Four cells are left, so most positions are reached in several ways.
    const { tree } = searched(new TicTacToe([4, 0, 2, 6, 3]), { ...graph, visits: 60 });
    const through = new Float64Array(tree.nodeCount);
    const parents = new Int32Array(tree.nodeCount);
    for (let edge = 0; edge < tree.edgeTotal; edge++) {
      through[tree.child[edge]!]! += tree.visitsThrough(edge);
      if (tree.visitsThrough(edge) > 0) parents[tree.child[edge]!]!++;
    }
    const shared = [...parents.keys()].filter((node) => node > 0 && parents[node]! > 1);
    expect(shared.length).toBeGreaterThan(3);
    for (const node of shared) expect(tree.visits[node]).toBeLessThan(through[node]!);
  });

  it.each([[[]], [[4]], [[0]], [[0, 4, 8]], [[0, 1]], [[4, 1, 0]]])(
    'come to what the game is worth after %j',
    (moves) => {
      const game = new TicTacToe(moves);
      const { made, tree } = searched(game, { ...graph, visits: 6000 }, undefined, uniform);
      const value = minimax(game);
      const chosen = game.clone();
      chosen.play(made.result().bestAction);
      expect(-minimax(chosen)).toBe(value);
      expect(tree.meanValue(0, 0)).toBeCloseTo(value, 0);
      const alone = searched(game, { ...options, visits: 6000 }, undefined, uniform);
      expect(Math.abs(tree.meanValue(0, 0) - alone.tree.meanValue(0, 0))).toBeLessThan(0.1);
      expectSound(tree);
    },
  );

  it.each([1, 2, 3, 4, 5])('keep their books when leaves are answered in any order or abandoned (%i)', (seed) => {
    const rng = new Rng(seed);
    const tree = treeFor(graph);
    for (let round = 0; round < 6; round++) {
      const made = new Search(new TicTacToe(), { ...graph, collisions: 8 }, new Rng(1), tree);
      const out: ReturnType<typeof made.collect>[number][] = [];
      for (let step = 0; step < 40; step++) {
        out.push(...made.collect(1 + rng.int(12)));
        for (let left = rng.int(out.length + 1); left > 0; left--) {
          const [leaf] = out.splice(rng.int(out.length), 1);
          made.answer(leaf!, opinionated([leaf!.game])[0]!);
        }
      }
      made.abandon();
      if (tree.nodeCount > 0) expectSound(tree);
    }
    expect(tree.visits[0]).toBeGreaterThan(100);
  });

  it('are as before when leaves in flight are abandoned', () => {
    const { tree } = searched(new TicTacToe(), { ...graph, visits: 100 });
    const before = knowledge(tree, new TicTacToe());
    const edges = tree.edgeVisits!.slice(0, tree.edgeTotal);
    const made = new Search(new TicTacToe(), { ...graph, collisions: 8 }, new Rng(1), tree);
    const passed = made.collect(12);
    expect(passed.length).toBeGreaterThan(3);
    const [simulations, visits] = [made.simulations, tree.visits[0]!];
    made.abandon();
    // Only simulations that needed no evaluation stay.
    expect(visits - 101).toBe(simulations - passed.length);
    expectSound(tree);
    if (visits === 101) {
      for (const [key, known] of before) expect(knowledge(tree, new TicTacToe()).get(key)).toEqual(known);
      expect(tree.edgeVisits!.slice(0, edges.length)).toEqual(edges);
    }
  });

  it('follow the game with all that is known of the positions that can still come', () => {
    const { tree } = searched(new TicTacToe(), { ...graph, visits: 1500 });
    let before = knowledge(tree, new TicTacToe());
    for (const moves of [[4], [4, 0], [4, 0, 2]]) {
      const game = new TicTacToe(moves);
      tree.advance(moves.at(-1)!);
      const after = knowledge(tree, game);
      expect(after.size).toBeGreaterThan(10);
      for (const [key, known] of after) expect(before.get(key)).toEqual(known);
      const { evaluated } = searched(game, graph, tree);
      // Whatever was evaluated and can still come is found again.
      for (const key of evaluated) expect(after.get(key)).toBeUndefined();
      expectSound(tree);
      before = knowledge(tree, game);
    }
  });

  it('say how much every evaluation counts', () => {
    const auxiliary = {
      size: 2,
      evenSize: 1,
      read: ({ value }: { value: number }, out: Float32Array, at: number) => out.set([1, value], at),
      readTerminal: (game: TicTacToe, out: Float32Array, at: number) => out.set([1, game.terminalValue()], at),
    };
    const { made, tree } = searched(new TicTacToe([4]), { ...graph, auxiliary });
    for (const node of tree.reachable(0).reverse()) refresh(tree, node);
    const statistics = made.statistics();
    expect(statistics.auxiliary[0]).toBeCloseTo(1, 9);
    expect(statistics.auxiliary[1]).toBeCloseTo(statistics.value, 6);
    for (const move of statistics.moves) {
      expect(move.auxiliary[0]).toBeCloseTo(1, 9);
      expect(move.auxiliary[1]).toBeCloseTo(move.value, 6);
    }
  });

  it('give up a move that cannot be played in every way to its position', () => {
    const grudges = {
      ...transpositions('statistics'),
      isLegal: (game: TicTacToe, action: number) => !(game instanceof Grudge && game.isClosed(action)),
    };
    const { tree } = searched(new Grudge(1), { ...graph, visits: 5000, transpositions: grudges });
    expect(tree.visits[0]).toBe(5001);
    expectSound(tree);
    expect(tree.prior.slice(0, tree.edgeTotal).filter((prior) => prior < 0).length).toBeGreaterThan(0);
  });

  it('do not suit a game with other moves', () => {
    const { tree } = searched(new TicTacToe(), graph);
    tree.advance(4);
    expect(isRootOf(tree, new TicTacToe([4]))).toBe(true);
    expect(isRootOf(tree, new TicTacToe([3]))).toBe(false);
    tree.prior[3] = -1;
    expect(isRootOf(tree, new TicTacToe([4]))).toBe(false);
  });

  it('are refused to Gumbel', () => {
    expect(() => new Search(new TicTacToe(), { ...graph, root: 'gumbel' }, new Rng(1))).toThrow(/share statistics/);
  });
});

it('shares nothing unless asked to', () => {
  const kinds: (Sharing | undefined)[] = [undefined, 'evaluations', 'statistics'];
  for (const share of kinds) {
    const tree = treeFor(share ? { transpositions: transpositions(share) } : {});
    expect(tree.twins?.share).toBe(share);
    expect(tree.edgeVisits !== undefined).toBe(share === 'statistics');
  }
});
