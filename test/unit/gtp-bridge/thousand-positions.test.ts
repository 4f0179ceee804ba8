import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bridgeSchema } from '../../../clients/gtp-bridge/config.js';
import { generate } from '../../../clients/gtp-bridge/generate.js';
import { Session } from '../../../clients/gtp-bridge/session.js';
import { readConfig } from '../../../src/core/config.js';
import { Rng } from '../../../src/core/rng.js';
import { evaluatorSchema } from '../../../src/evaluator/config.js';
import { Evaluator } from '../../../src/evaluator/evaluator.js';
import { katago7 } from '../../../src/go/katago-features.js';
import { parseRules } from '../../../src/go/rule-sets.js';
import type { Snapshot } from '../../../src/go/snapshot.js';
import { SYMMETRIES, symmetryMap } from '../../../src/go/symmetry.js';
import { encodeModel } from '../../../src/nn/model-file.js';
import { readKatago } from '../../../src/nn/networks/katago/read-file.js';
import { sketchKatago } from '../../support/katago-network.js';
import { MemoryModels } from '../../support/served-models.js';

const games = [
  { size: 5, rules: 'tromp-taylor', moves: 100 },
  { size: 7, rules: 'chinese', moves: 200 },
  { size: 9, rules: 'japanese', moves: 300 },
  { size: 13, rules: 'aga', moves: 200 },
  { size: 19, rules: 'ancient-territory', moves: 200 },
];

describe('a thousand positions of random games', () => {
  let evaluator: Evaluator;
  beforeAll(() => {
    const { architecture, weights } = readKatago(sketchKatago({ version: 15, blocks: ['ordinary', 'pool'] }).bytes);
    const models = new MemoryModels().add('net@1', encodeModel({ architecture, weights, metadata: {} }));
    evaluator = new Evaluator(models, readConfig(evaluatorSchema, { threads: 1 }));
  });
  afterAll(() => evaluator.close());

  function startSession(size: number, rules: string): Session {
    const session = new Session({
      version: '1.2.3',
      config: readConfig(bridgeSchema, { visits: 1 }),
      evaluatorFor: () => ({
        evaluate: async (positions) => {
          const request = { model: 'net@1', positions: positions.map((position) => position.snapshot()) };
          return (await evaluator.evaluate(request)).evaluations;
        },
      }),
      onTrouble: (error) => {
        throw error;
      },
    });
    session.tellsRules = true;
    session.setSizes([size]);
    session.setRules(parseRules(rules));
    return session;
  }

  it.each(games)('get legal moves and true features on $size×$size, $rules', async ({ size, rules, moves }) => {
    const session = startSession(size, rules);
    const rng = new Rng(size);
    const legal = new Uint8Array(size * size + 1);
    for (let seen = 0, turn = 0; seen < moves; seen++, turn++) {
      const color = turn % 2 === 0 ? 1 : 2;
      const position = session.game.positionFor(color);
      position.legal(legal);
      const { value } = await generate(session, { color, play: false, stop: new AbortController().signal }).next();
      if (value !== 'resign') expect(legal[Number(value)]).toBe(1);
      expectFeatures(position.snapshot(), rng.int(SYMMETRIES));
      // A pass only where nothing else is allowed, so that games are long.
      legal[size * size] = legal.subarray(0, -1).includes(1) ? 0 : 1;
      session.play(color, rng.weighted(legal));
      if (!session.game.positionFor(1).isOver && turn < 2 * size * size) continue;
      session.clear();
      turn = -1;
    }
  });
});

/** Stones and liberties by their definitions, and all planes in a symmetry as the planes of the position turned. */
function expectFeatures(snapshot: Snapshot, symmetry: number): void {
  const { size, stones, toMove } = snapshot;
  const points = size * size;
  const write = (turn: number): Float32Array => {
    const planes = new Float32Array(katago7.planes * points);
    katago7.write(snapshot, turn, planes, 0, new Float32Array(katago7.globals), 0);
    return planes;
  };
  const planes = write(0);
  const wrong: number[] = [];
  for (let point = 0; point < points; point++) {
    const liberties = stones[point] === 0 ? 0 : countLiberties(snapshot, point);
    const wanted = [
      1,
      stones[point] === toMove,
      stones[point] === 3 - toMove,
      ...[1, 2, 3].map((n) => liberties === n),
    ];
    if (wanted.some((value, plane) => planes[plane * points + point] !== Number(value))) wrong.push(point);
  }
  expect(wrong).toEqual([]);
  const turned = write(symmetry);
  const map = symmetryMap(size, symmetry);
  const differing = planes.findIndex((value, i) => turned[i - (i % points) + map[i % points]!] !== value);
  expect(differing).toBe(-1);
}

function countLiberties({ size, stones }: Snapshot, start: number): number {
  const chain = new Set([start]);
  const liberties = new Set<number>();
  for (const point of chain) {
    const [row, column] = [Math.floor(point / size), point % size];
    for (const [down, right] of [
      [-1, 0],
      [0, -1],
      [0, 1],
      [1, 0],
    ] as const) {
      const [r, c] = [row + down, column + right];
      if (r < 0 || c < 0 || r >= size || c >= size) continue;
      const neighbour = r * size + c;
      if (stones[neighbour] === 0) liberties.add(neighbour);
      else if (stones[neighbour] === stones[start]) chain.add(neighbour);
    }
  }
  return liberties.size;
}
