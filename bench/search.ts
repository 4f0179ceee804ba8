/**
 * What the tree search costs beside the network: simulations a second with an evaluator that costs nothing, and the share
 * of time outside the evaluator with a real network of quickstart's size in the same thread, many games in lockstep as in
 * a self-play worker.
 */

import { parseArgs } from 'node:util';
import { Rng } from '../src/core/rng.js';
import { createSession } from '../src/engine/onnxruntime/session.js';
import { tengen1 } from '../src/go/tengen-features.js';
import { Position } from '../src/go/position.js';
import { defaultRules } from '../src/go/rules.js';
import { initialWeights } from '../src/nn/networks/go-network.js';
import { servingModel } from '../src/nn/networks/serving.js';
import { driveSync, LockstepGroup } from '../src/search/drive.js';
import type { Evaluation } from '../src/search/evaluator.js';
import type { Selection } from '../src/search/options.js';
import { search } from '../src/search/search.js';
import { Tree } from '../src/search/tree.js';

/** Time spent in the game's own rules, in ms; the clock itself costs about 0.05 µs a call and is counted in. */
let gameMs = 0;

/** A position that clocks what the search asks of it. */
class ClockedPosition extends Position {
  override play(action: number): void {
    const started = performance.now();
    super.play(action);
    gameMs += performance.now() - started;
  }
  override legal(out: Uint8Array): number {
    const started = performance.now();
    const count = super.legal(out);
    gameMs += performance.now() - started;
    return count;
  }
  override copyFrom(other: Position): void {
    const started = performance.now();
    super.copyFrom(other);
    gameMs += performance.now() - started;
  }
  override clone(): this {
    const copy = new ClockedPosition(this.size, this.rules);
    copy.copyFrom(this);
    return copy as this;
  }
}

/** An opinion that costs nothing and prefers other moves in every position. */
function free(size: number): (positions: readonly Position[]) => Evaluation[] {
  const rng = new Rng(1);
  const opinions = Array.from({ length: 64 }, () => ({
    logits: Float32Array.from({ length: size * size + 1 }, () => rng.normal()),
    value: 0.6 * rng.float() - 0.3,
  }));
  let next = 0;
  return (positions) => positions.map(() => opinions[next++ % 64]!);
}

/** A game that searches every move; yields leaves. Returns the simulations made. */
function* game(
  start: Position,
  root: Selection,
  visits: number,
  seed: number,
): Generator<readonly Position[], number, readonly Evaluation[]> {
  const rng = new Rng(seed);
  const tree = new Tree();
  const position = start.clone();
  let simulations = 0;
  for (let move = 0; move < start.size * start.size && !position.isOver; move++) {
    const result = yield* search(position, { visits, root, dirichletTotal: 10 }, rng, tree);
    simulations += result.simulations;
    position.play(result.bestAction);
    tree.advance(result.bestAction);
  }
  return simulations;
}

/** Simulations a second, and microseconds a simulation with the game's own rules taken out. */
function measureFree(
  size: number,
  root: Selection,
  visits: number,
  seconds: number,
): { perSecond: number; searchUs: number } {
  const evaluate = free(size);
  const run = (start: Position, forMs: number): { simulations: number; ms: number } => {
    const started = performance.now();
    let simulations = 0;
    for (let seed = 0; performance.now() - started < forMs; seed++) {
      simulations += driveSync(game(start, root, visits, seed), evaluate);
    }
    return { simulations, ms: performance.now() - started };
  };
  const plain = new Position(size, defaultRules(size));
  run(plain, 300);
  const { simulations, ms } = run(plain, seconds * 1000);
  const clocked = new ClockedPosition(size, defaultRules(size));
  run(clocked, 300);
  gameMs = 0;
  const detail = run(clocked, seconds * 1000);
  return { perSecond: (simulations / ms) * 1000, searchUs: ((detail.ms - gameMs) / detail.simulations) * 1000 };
}

/** Share of time outside features and network, with `games` games in lockstep. */
async function measureNetwork(
  size: number,
  visits: number,
  games: number,
  seconds: number,
): Promise<{ share: number; perSecond: number }> {
  const architecture = {
    kind: 'go-resnet',
    size,
    blocks: 4,
    channels: 32,
    planes: tengen1.planes,
    globals: tengen1.globals,
    features: tengen1.name,
  } as const;
  const session = await createSession(
    servingModel({ architecture, weights: initialWeights(architecture, new Rng(1)) }),
  );
  const actions = size * size + 1;
  let evaluatorMs = 0;
  let simulations = 0;
  const answer = async (questions: readonly (readonly Position[])[]): Promise<Evaluation[][]> => {
    const started = performance.now();
    const count = questions.length;
    const planes = new Float32Array(count * tengen1.planes * size * size);
    const globals = new Float32Array(count * tengen1.globals);
    questions.forEach(([position], i) => {
      tengen1.write(position!.snapshot(), 0, planes, i * tengen1.planes * size * size, globals, i * tengen1.globals);
    });
    const inputs = {
      planes: { shape: [count, tengen1.planes, size, size], data: planes },
      globals: { shape: [count, tengen1.globals], data: globals },
    };
    const { policy, value } = await session.run(inputs);
    evaluatorMs += performance.now() - started;
    return questions.map((_, i) => [
      {
        logits: (policy!.data as Float32Array).subarray(i * actions, (i + 1) * actions),
        value: Number(value!.data[3 * i]) - Number(value!.data[3 * i + 2]),
      },
    ]);
  };
  const group = new LockstepGroup<readonly Position[], readonly Evaluation[], number>();
  let seed = 0;
  const add = (): void => {
    group.add(game(new Position(size, defaultRules(size)), 'gumbel', visits, seed++), add, (error) => {
      throw error as Error;
    });
  };
  for (let i = 0; i < games; i++) add();
  for (let i = 0; i < 20; i++) await group.step(answer);
  evaluatorMs = 0;
  const started = performance.now();
  for (; performance.now() - started < seconds * 1000; simulations += games) await group.step(answer);
  const ms = performance.now() - started;
  group.close();
  await session.release();
  return { share: 1 - evaluatorMs / ms, perSecond: (simulations / ms) * 1000 };
}

/** `--size`, `--visits` (of the deep search), `--self-play-visits`, `--games`, `--seconds` a measurement. */
export async function run(args: string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({
    args,
    options: {
      size: { type: 'string', default: '7' },
      visits: { type: 'string', default: '400' },
      'self-play-visits': { type: 'string', default: '16' },
      games: { type: 'string', default: '32' },
      seconds: { type: 'string', default: '3' },
    },
  });
  const [size, visits, few, games, seconds] = [
    values.size,
    values.visits,
    values['self-play-visits'],
    values.games,
    values.seconds,
  ].map(Number) as [number, number, number, number, number];
  const puct = measureFree(size, 'puct', visits, seconds);
  const gumbel = measureFree(size, 'gumbel', few, seconds);
  const network = await measureNetwork(size, few, games, seconds);
  return {
    size,
    simulationsPerSecond: Math.round(puct.perSecond),
    searchMicrosecondsPerSimulation: puct.searchUs,
    selfPlaySimulationsPerSecond: Math.round(gumbel.perSecond),
    selfPlaySearchMicrosecondsPerSimulation: gumbel.searchUs,
    overheadShare: network.share,
    networkSimulationsPerSecond: Math.round(network.perSecond),
  };
}
