import { createServer, type Client } from 'nice-grpc';
import { Status } from 'nice-grpc-common';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Connection } from '../../../../clients/shared/connection.js';
import { Rng } from '../../../../src/core/rng.js';
import { eligibilityOf, movesTo, pickBranch } from '../../../../src/methods/branching/branch-point.js';
import { GameTree, type NewVariation, type TreeNode } from '../../../../src/methods/branching/game-tree.js';
import { lcrEstimators, type BranchSettings } from '../../../../src/methods/branching/settings.js';
import { valueLabel, valueLabels } from '../../../../src/methods/branching/value-label.js';
import {
  BranchingServiceDefinition,
  BranchPoints,
  LcrEstimator,
  ValueLabel,
  type BranchPosition,
  type BranchVariation,
  type LabelTreeRequest,
  type PickBranchRequest,
} from '../../../../src/proto/tengen/v1/branching.js';
import { branchingService } from '../../../../src/server/services/method-services.js';
import { ThreadPool } from '../../../../src/threads/pool.js';
import { translateErrors } from '../../../../src/server/transport/middleware.js';
import { branchSettingsFromWire, branchSettingsToWire } from '../../../../src/wire/branching.js';
import { branchSettings, smallVariations, treeOf } from '../../../support/branch-trees.js';
import { playVariation } from '../../../support/random-walk.js';
import { expectStatus } from '../../../support/server-calls.js';

const server = createServer().use(translateErrors(pino({ level: 'silent' })));
const pool = new ThreadPool({ name: 'work', threads: 1, waiting: 8 });
let connection: Connection;
let client: Client<BranchingServiceDefinition>;

beforeAll(async () => {
  const { definition, implementation } = branchingService(pool);
  server.add(definition, implementation);
  const port = await server.listen('127.0.0.1:0');
  connection = new Connection({ address: `127.0.0.1:${String(port)}` });
  client = connection.client(BranchingServiceDefinition);
});
afterAll(async () => {
  connection.close();
  server.forceShutdown();
  await pool.close();
});

function toWire({ moves, sharedMoves, positions, result }: NewVariation): BranchVariation {
  return { moves: [...moves], sharedMoves, positions: positions.map(positionToWire), result };
}

function positionToWire(position: NewVariation['positions'][number]): BranchPosition {
  if (!position) return { policyMoves: [], policyWeights: [], winRate: 0, excluded: true };
  const policy = Array.from(position.policy);
  return {
    policyMoves: policy.filter((_, i) => i % 2 === 0),
    policyWeights: policy.filter((_, i) => i % 2 === 1),
    winRate: position.winRate,
    excluded: !position.isCandidate,
  };
}

/** As the service sees a variation: numbers as single floats. */
function rounded(variation: NewVariation): NewVariation {
  const positions = variation.positions.map(
    (position) =>
      position && {
        ...position,
        policy: Array.from(position.policy, Math.fround),
        winRate: Math.fround(position.winRate),
      },
  );
  return { ...variation, positions };
}

/** Game k of a tree: equal wherever it is played. */
function playGame(index: number, shared: readonly number[]): NewVariation {
  const variation = rounded(playVariation(shared, new Rng(4).fork(index)));
  // The third position of every game is from a cheap search; the first two of the first game are a random opening.
  const positions = variation.positions.map((position, i) =>
    index === 0 && i < 2 ? undefined : position && { ...position, isCandidate: i !== 2 },
  );
  return { ...variation, positions };
}

function settingsFor(changes: Partial<BranchSettings> = {}): BranchSettings {
  return branchSettingsFromWire(branchSettingsToWire(branchSettings({ threshold: 0.4375, ...changes })));
}

function pickRequest(variations: readonly NewVariation[], changes: Partial<BranchSettings> = {}): PickBranchRequest {
  return {
    tree: { variations: variations.map(toWire) },
    settings: branchSettingsToWire(settingsFor(changes)),
    seed: 9,
  };
}

describe('a tree grown through the service', () => {
  it.each(lcrEstimators)('is the one grown in-process with the same seeds: %s', async (estimator) => {
    const settings = settingsFor({ estimator });
    const variations = [playGame(0, [])];
    const tree = treeOf(variations);
    for (;;) {
      const request = { ...pickRequest(variations, { estimator }), seed: variations.length };
      const { branch, ...rates } = await client.pickBranch(request);
      const expected = pickBranch(tree, settings, new Rng(variations.length));
      expect(branch).toEqual(
        expected && { moves: [...movesTo(expected.node), expected.move], backUp: expected.backUp },
      );
      const { threshold, eligibleShare } = eligibilityOf(tree, settings);
      expect([rates.threshold, rates.eligibleShare]).toEqual([threshold, eligibleShare].map(Math.fround));
      if (!branch) break;
      const next = playGame(variations.length, branch.moves);
      variations.push(next);
      tree.add(next);
    }
    expect(variations).toHaveLength(10);
    for (const [i, kind] of valueLabels.entries()) {
      const answer = await client.labelTree({ ...pickRequest(variations), label: (i + 1) as ValueLabel, strength: 8 });
      const nodes = inOrderOfGames(variations);
      expect(answer.labels).toEqual(nodes.map((node) => Math.fround(valueLabel(node, kind, 8))));
      expect(answer.games).toEqual(nodes.map(({ results }) => results.length));
    }
  });

  it('has a rate for every position in the order of the request, 0 where nothing was searched', async () => {
    const variations = [playGame(0, [])];
    const { lcr } = await client.pickBranch(pickRequest(variations));
    const expected = variations[0]!.positions.map((position) =>
      position ? Math.fround(2 * position.winRate * (1 - position.winRate)) : 0,
    );
    expect(lcr).toHaveLength(60);
    lcr.forEach((rate, i) => expect(rate).toBeCloseTo(expected[i]!, 6));
    expect(lcr.slice(0, 2)).toEqual([0, 0]);
    expect(lcr[2]).toBeGreaterThan(0.4);
  });
});

/** The positions that the games played on from, game after game. */
function inOrderOfGames(variations: readonly NewVariation[]): TreeNode[] {
  const tree = new GameTree();
  return variations.flatMap((variation) => tree.add(variation).slice(variation.sharedMoves, variation.moves.length));
}

describe('the service', () => {
  it('labels three games as by hand', async () => {
    const { labels, games } = await client.labelTree({ ...pickRequest(smallVariations()), label: 0, strength: 0 });
    expect(labels).toEqual([1 / 3, 1 / 2, 1, 0, 0, 0].map(Math.fround));
    expect(games).toEqual([3, 2, 1, 1, 1, 1]);
  });

  it('answers with rates and without a branch once the tree has its games, or can have no more', async () => {
    const full = await client.pickBranch(pickRequest(smallVariations(), { variations: 3 }));
    expect(full.branch).toBeUndefined();
    expect(full.lcr).toHaveLength(6);
    const decided = smallVariations().slice(0, 1);
    decided[0] = {
      ...decided[0]!,
      positions: decided[0]!.positions.map((position) => position && { ...position, winRate: 1 }),
    };
    expect(await client.pickBranch(pickRequest(decided))).toMatchObject({ branch: undefined, eligibleShare: 0 });
  });

  it('takes what is not given for the first choice', async () => {
    const request = pickRequest(smallVariations());
    const plain = { ...request.settings!, points: BranchPoints.UNSPECIFIED, estimator: LcrEstimator.UNSPECIFIED };
    expect(await client.pickBranch({ ...request, settings: plain })).toEqual(await client.pickBranch(request));
  });

  it('takes a tree at the limits in one message', async () => {
    const position = { policyMoves: [0], policyWeights: [1], winRate: 0.5, excluded: false };
    const first = {
      moves: Array<number>(1000).fill(0),
      sharedMoves: 0,
      positions: Array<BranchPosition>(1000).fill(position),
      result: 1,
    };
    const others = Array.from({ length: 999 }, (_, i) => ({
      moves: [...Array<number>(i).fill(0), 1],
      sharedMoves: i + 1,
      positions: [],
      result: 0,
    }));
    const answer = await client.labelTree({
      tree: { variations: [first, ...others] },
      label: ValueLabel.MEAN,
      strength: 0,
    });
    expect(answer.games.slice(0, 3)).toEqual([1000, 999, 998]);
  });
});

describe('what is wrong is refused with a sentence', () => {
  const changed = (change: (variations: BranchVariation[]) => void): PickBranchRequest => {
    const request = pickRequest(smallVariations());
    change(request.tree!.variations);
    return request;
  };
  const position = (change: Partial<BranchPosition>): PickBranchRequest =>
    changed((variations) => Object.assign(variations[2]!.positions[1]!, change));
  const settings = (change: object): PickBranchRequest => {
    const request = pickRequest(smallVariations());
    return { ...request, settings: { ...request.settings!, ...change } };
  };
  const many = (count: number, variation: Partial<BranchVariation>): PickBranchRequest =>
    changed((variations) =>
      variations.push(...Array<BranchVariation>(count).fill({ ...variations[1]!, ...variation })),
    );
  const empty: BranchPosition = { policyMoves: [], policyWeights: [], winRate: 0, excluded: true };

  it.each<[string, PickBranchRequest, RegExp]>([
    ['no tree', { ...settings({}), tree: undefined }, /^The tree has 0 variations; it must have 1 to 1000$/],
    ['no settings', { ...settings({}), settings: undefined }, /^settings are missing$/],
    ['no number of variations', settings({ variations: 0 }), /^variations is 0; it must be from 1 to 1000$/],
    ['a threshold that is no number', settings({ threshold: NaN }), /^threshold is NaN; it must be from 0 to 0.5$/],
    ['a threshold above a half', settings({ threshold: 0.75 }), /^threshold is 0.75; /],
    ['no strength', settings({ strength: 0 }), /^strength is 0; it must be above 0$/],
    ['an endless strength', settings({ strength: Infinity }), /^strength is Infinity; /],
    ['a temperature that is no number', settings({ temperature: NaN }), /^temperature is NaN; it must be above 0$/],
    ['an unknown estimator', settings({ estimator: 7 }), /^estimator is 7; it must be 1 \(pairs\)/],
    ['a negative choice', settings({ points: -1 }), /^points is -1; it must be 1 \(uncertain\) or 2 \(random\)$/],
    ['a win rate above 1', position({ winRate: 1.5 }), /^variations\[2\].positions\[1\] has win_rate 1.5; .* 0 to 1$/],
    ['a win rate that is no number', position({ winRate: NaN }), /has win_rate NaN; /],
    ['policies of two lengths', position({ policyMoves: [1] }), /has 1 policy_moves and 3 policy_weights; as many/],
    [
      'no policy',
      position({ policyMoves: [], policyWeights: [] }),
      /has 0 policy_moves; .* 1 to 16384, or be excluded/,
    ],
    ['a negative weight', position({ policyWeights: [1, 1, -1] }), /has policy weight -1; it must be 0 or more$/],
    ['a weight that is no number', position({ policyWeights: [1, NaN, 1] }), /has policy weight NaN; /],
    ['a weight without end', position({ policyWeights: [1, Infinity, 1] }), /has policy weight Infinity; /],
    ['no weight', position({ policyWeights: [0, 0, 0] }), /has policy_weights that are all 0$/],
    ['a result above 1', changed((all) => (all[1]!.result = 2)), /^Variation 1 has result 2; it must be from 0 to 1$/],
    ['a result that is no number', changed((all) => (all[1]!.result = NaN)), /^Variation 1 has result NaN; /],
    ['a missing position', changed((all) => all[1]!.positions.pop()), /^Variation 1 has 0 positions for 1 moves/],
    ['the same game twice', many(1, {}), /^Variation 3 branches with move 1 at ply 1; that was explored already$/],
    ['too many games', many(998, {}), /^The tree has 1001 variations; it must have 1 to 1000$/],
    ['too many moves', many(1, { moves: Array<number>(1e6).fill(0) }), /^The tree has 1000009 moves; .* 0 to 1000000$/],
    [
      'too many positions',
      many(9, { positions: Array<BranchPosition>(25_000).fill(empty) }),
      /has 225006 positions; .* 0 to 200000$/,
    ],
  ])('%s', async (_, request, message) => {
    await expectStatus(client.pickBranch(request), Status.INVALID_ARGUMENT, message);
  });

  it.each<[string, Partial<LabelTreeRequest>, RegExp]>([
    [
      'an unknown label',
      { label: 9 as ValueLabel },
      /^label is 9; it must be 1 \(mean\), 2 \(own\), 3 \(weighted\) or 4 \(posterior\)$/,
    ],
    ['a posterior without strength', { label: ValueLabel.POSTERIOR }, /^strength is 0; it must be above 0$/],
    ['no tree', { tree: { variations: [] } }, /^The tree has 0 variations; it must have 1 to 1000$/],
  ])('labels: %s', async (_, change, message) => {
    const { tree } = pickRequest(smallVariations());
    const request = { tree, label: ValueLabel.MEAN, strength: 0, ...change };
    await expectStatus(client.labelTree(request), Status.INVALID_ARGUMENT, message);
  });
});
