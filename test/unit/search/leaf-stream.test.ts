import { describe, expect, it } from 'vitest';
import { Rng } from '../../../src/core/rng.js';
import { driveSync } from '../../../src/search/drive.js';
import type { Evaluation } from '../../../src/search/evaluator.js';
import { LeafStream } from '../../../src/search/leaf-stream.js';
import type { SearchOptions } from '../../../src/search/options.js';
import { Search, search } from '../../../src/search/search.js';
import { EXPANDED, Tree } from '../../../src/search/tree.js';
import { opinionated, TicTacToe } from '../../support/toy-games.js';

/** An evaluator whose answers come when the test says so, in the order that it says. */
class SlowEvaluator {
  readonly asked: { games: readonly TicTacToe[]; answer: () => void; fail: (error: Error) => void }[] = [];
  /** Positions asked and not answered, and the most of them that there were. */
  inFlight = 0;
  most = 0;

  readonly evaluate = (games: readonly TicTacToe[]): Promise<readonly Evaluation[]> => {
    this.inFlight += games.length;
    this.most = Math.max(this.most, this.inFlight);
    const evaluations = opinionated(games);
    return new Promise((resolve, reject) => {
      const answer = (): void => {
        this.inFlight -= games.length;
        resolve(evaluations);
      };
      this.asked.push({ games, answer, fail: reject });
    });
  };

  /** Answers one request of those that wait. */
  answerOne(rng: Rng): void {
    const [request] = this.asked.splice(rng.int(this.asked.length), 1);
    request?.answer();
  }
}

const options: SearchOptions<TicTacToe> = { visits: 150, collisions: 8 };

async function streamed(
  most: number,
  seed: number,
  tree = new Tree(),
  more: Partial<SearchOptions<TicTacToe>> = {},
): Promise<{ tree: Tree; evaluator: SlowEvaluator; made: Search<TicTacToe> }> {
  const made = new Search(new TicTacToe(), { ...options, ...more }, new Rng(1), tree);
  const evaluator = new SlowEvaluator();
  const stream = new LeafStream(made, evaluator.evaluate);
  const order = new Rng(seed);
  for (;;) {
    const advanced = stream.advance(most);
    evaluator.answerOne(order);
    if (!(await advanced)) return { tree, evaluator, made };
  }
}

/** Every expanded node was visited once itself and once for each visit of a child; nothing is left in flight. */
function expectSound(tree: Tree): void {
  for (let node = 0; node < tree.nodeCount; node++) {
    expect(tree.inFlight[node]).toBe(0);
    if (tree.state[node] !== EXPANDED) continue;
    let visits = 1;
    let value = tree.rawValue[node]!;
    for (let edge = tree.firstEdge[node]!; edge < tree.firstEdge[node]! + tree.edgeCount[node]!; edge++) {
      const child = tree.child[edge]!;
      if (child === 0) continue;
      visits += tree.visits[child]!;
      value += tree.valueSum[child]!;
    }
    expect(tree.visits[node]).toBe(visits);
    expect(tree.valueSum[node]).toBeCloseTo(value, 6);
  }
}

/** The tree below a node, whatever the places of its nodes and edges. */
function below(tree: Tree, node: number): unknown {
  const edges: unknown[] = [];
  for (let edge = tree.firstEdge[node]!; edge < tree.firstEdge[node]! + tree.edgeCount[node]!; edge++) {
    const child = tree.child[edge]!;
    edges.push([tree.action[edge], tree.prior[edge], child === 0 ? undefined : below(tree, child)]);
  }
  return { visits: tree.visits[node], state: tree.state[node], rawValue: tree.rawValue[node], edges };
}

describe('a stream of leaves', () => {
  it('with one leaf in flight is the search that goes leaf by leaf', async () => {
    const { tree, made } = await streamed(1, 1);
    const alone = new Tree();
    const result = driveSync(search(new TicTacToe(), options, new Rng(1), alone), opinionated);
    expect(made.result()).toEqual(result);
    expect(tree).toEqual(alone);
  });

  it.each([1, 2, 3, 4, 5])('keeps its books when answers come in any order (%i)', async (seed) => {
    const { tree, evaluator, made } = await streamed(12, seed);
    expect(made.simulations).toBe(150);
    expect(tree.visits[0]).toBe(151);
    expect(evaluator.most).toBeGreaterThan(6);
    expect(evaluator.most).toBeLessThanOrEqual(12);
    expectSound(tree);
  });

  it.each([1, 2, 3, 4, 5])('leaves a tree that can follow the game (%i)', async (seed) => {
    // With one first move almost the whole tree is kept, and moves by little.
    const allowed = Uint8Array.from({ length: 9 }, (_, action) => (action === 4 ? 1 : 0));
    const { tree } = await streamed(12, seed, new Tree(), { allowed });
    for (const action of [4, 0]) {
      const edge = tree.findEdge(0, action);
      const kept = below(tree, tree.child[edge]!);
      tree.advance(action);
      expect(below(tree, 0)).toEqual(kept);
    }
    expectSound(tree);
  });

  it('collects further leaves while others are out', async () => {
    const made = new Search(new TicTacToe(), options, new Rng(1));
    const evaluator = new SlowEvaluator();
    const stream = new LeafStream(made, evaluator.evaluate);
    const root = stream.advance(8);
    evaluator.answerOne(new Rng(1));
    await root;
    const first = stream.advance(8);
    const before = evaluator.asked.length;
    expect(before).toBeGreaterThan(1);
    evaluator.answerOne(new Rng(1));
    await first;
    void stream.advance(8);
    expect(evaluator.asked.length).toBeGreaterThanOrEqual(before);
    expect(made.inFlight).toBeGreaterThan(4);
    stream.close();
    expectSound(made.tree);
  });

  it('takes back exactly what is out when it is closed, and the tree goes on from there', async () => {
    const tree = new Tree();
    const made = new Search(new TicTacToe(), options, new Rng(1), tree);
    const evaluator = new SlowEvaluator();
    const stream = new LeafStream(made, evaluator.evaluate);
    const order = new Rng(3);
    for (let step = 0; step < 20; step++) {
      const advanced = stream.advance(10);
      evaluator.answerOne(order);
      await advanced;
    }
    const late = [...evaluator.asked];
    stream.close();
    expectSound(tree);
    const visits = tree.visits.slice(0, tree.nodeCount);
    for (const { answer } of late) answer();
    await Promise.resolve();
    expect(tree.visits.slice(0, tree.nodeCount)).toEqual(visits);
    const after = await streamed(10, 4, tree);
    expect(after.made.simulations).toBe(150);
    expectSound(tree);
  });

  it('lets others be heard while all simulations end in finished games', async () => {
    // One cell is left: whatever is played, the game is over.
    const game = new TicTacToe([0, 1, 2, 4, 3, 5, 7, 6]);
    let stopped = false;
    const endless = { visits: Infinity, shouldStop: () => stopped };
    const made = new Search(game, endless, new Rng(1));
    const evaluator = new SlowEvaluator();
    const stream = new LeafStream(made, evaluator.evaluate);
    setImmediate(() => (stopped = true));
    for (let advanced = stream.advance(8); ; advanced = stream.advance(8)) {
      evaluator.answerOne(new Rng(1));
      if (!(await advanced)) break;
    }
    expect(stopped).toBe(true);
    expect(made.simulations).toBeGreaterThan(0);
    expectSound(made.tree);
  });

  it('passes a failure on, and takes back what is out', async () => {
    const made = new Search(new TicTacToe(), options, new Rng(1));
    const evaluator = new SlowEvaluator();
    const stream = new LeafStream(made, evaluator.evaluate);
    const root = stream.advance(8);
    evaluator.answerOne(new Rng(1));
    await root;
    const advanced = stream.advance(8);
    evaluator.asked[0]!.fail(new Error('gone'));
    await expect(advanced).rejects.toThrow('gone');
    stream.close();
    expectSound(made.tree);
    expect(made.tree.visits[0]).toBe(1);
  });
});
