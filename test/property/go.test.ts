import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { featureSets } from '../../src/go/features.js';
import { tengen1 } from '../../src/go/tengen-features.js';
import { packPolicy, replayGame, unpackPolicy, type GameRecord } from '../../src/go/game-record.js';
import { Position } from '../../src/go/position.js';
import { koRules, taxes, type Rules } from '../../src/go/rules.js';
import { checkSnapshot } from '../../src/go/snapshot.js';
import { inverseSymmetry, symmetryMap } from '../../src/go/symmetry.js';
import { formatVertex, parseVertex } from '../../src/go/vertex.js';
import { picture } from '../support/diagram.js';
import { countLiberties, PlainGo } from '../support/plain-go.js';
import { playRandom } from '../support/random-game.js';

const seed = 20_240_501;
const rules = fc.record<Rules>({
  ko: fc.constantFrom(...koRules),
  suicide: fc.boolean(),
  komi: fc.integer({ min: -4, max: 4 }).map((k) => k / 2),
  tax: fc.constantFrom(...taxes),
});
const games = fc.record({
  size: fc.integer({ min: 2, max: 7 }),
  rules,
  seed: fc.nat(),
  moves: fc.integer({ min: 0, max: 120 }),
});
const symmetry = fc.integer({ min: 0, max: 7 });

function played(game: { size: number; rules: Rules; seed: number; moves: number }): Position {
  const position = new Position(game.size, game.rules);
  playRandom(position, game.seed, game.moves);
  return position;
}

describe('the fast board and the plain one', () => {
  it('agree on every move, capture, score and forbidden repetition of random games', () => {
    fc.assert(
      fc.property(games, (game) => {
        // The plain game counts area, which a tax lessens.
        const position = new Position(game.size, { ...game.rules, tax: 'none' });
        const plain = new PlainGo(game.size, game.rules.ko, game.rules.suicide);
        const legal = new Uint8Array(position.actionCount);
        playRandom(position, game.seed, game.moves, (action) => {
          plain.play(action);
          expect(picture(position).replaceAll('\n', '')).toBe(plain.stones.join(''));
          if (position.isOver) return;
          expect(position.score()).toBe(plain.score() - game.rules.komi);
          const count = position.legal(legal);
          const expected = plain.stones.map((_, point) => (plain.after(point) ? 1 : 0));
          expect([...legal]).toEqual([...expected, 1]);
          expect(count).toBe(expected.filter(Boolean).length + 1);
        });
      }),
      { seed, numRuns: 150 },
    );
  });

  it('agree on liberties, which the features show', () => {
    fc.assert(
      fc.property(games, (game) => {
        const position = played(game);
        const { size } = game;
        const stones = Array.from(picture(position).replaceAll('\n', ''));
        const planes = new Float32Array(tengen1.planes * size * size);
        tengen1.write(position.snapshot(), 0, planes, 0, new Float32Array(tengen1.globals), 0);
        stones.forEach((stone, point) => {
          const liberties = stone === '.' ? 0 : countLiberties(size, stones, point);
          const shown = [1, 2, 3].map((n) => planes[(2 + n) * size * size + point]);
          expect(shown).toEqual([1, 2, 3].map((n) => (n === liberties ? 1 : 0)));
        });
      }),
      { seed, numRuns: 100 },
    );
  });
});

describe('a position', () => {
  it('has the hash of its stones, however they got there', () => {
    fc.assert(
      fc.property(games, (game) => {
        const position = played(game);
        const setUp = new Position(game.size, game.rules);
        const points = [...position.snapshot().stones.keys()];
        setUp.placeStones(
          points.filter((p) => position.stoneAt(p) === 2),
          2,
        );
        setUp.placeStones(
          points.filter((p) => position.stoneAt(p) === 1),
          1,
        );
        setUp.setToMove(position.toMove);
        expect([setUp.hashLow, setUp.hashHigh]).toEqual([position.hashLow, position.hashHigh]);
      }),
      { seed, numRuns: 100 },
    );
  });

  it('makes copies that go their own way', () => {
    fc.assert(
      fc.property(games, fc.nat(), (game, otherSeed) => {
        const position = played(game);
        const before = position.snapshot();
        const copy = position.clone();
        const scratch = new Position(game.size, game.rules);
        playRandom(scratch, otherSeed, 30);
        scratch.copyFrom(position);
        playRandom(copy, otherSeed, 150);
        expect(position.snapshot()).toEqual(before);
        playRandom(scratch, otherSeed, 150);
        expect(scratch.snapshot()).toEqual(copy.snapshot());
        expect(scratch.moves).toEqual(copy.moves);
        expect(position.snapshot()).toEqual(before);
      }),
      { seed, numRuns: 100 },
    );
  });

  it('gives snapshots that the check accepts and that ban exactly what repetition forbids', () => {
    fc.assert(
      fc.property(games, (game) => {
        const position = played(game);
        const snapshot = position.snapshot();
        checkSnapshot(snapshot);
        if (position.isOver) return;
        for (let point = 0; point < game.size ** 2; point++) {
          const illegal = position.clone().tryPlay(point)?.illegal;
          expect(snapshot.banned.includes(point)).toBe(illegal === 'ko' || illegal === 'superko');
        }
      }),
      { seed, numRuns: 100 },
    );
  });
});

describe('symmetry', () => {
  it('commutes with play, legality and scoring', () => {
    fc.assert(
      fc.property(games, symmetry, (game, s) => {
        const map = symmetryMap(game.size, s);
        const position = new Position(game.size, game.rules);
        const turned = new Position(game.size, game.rules);
        const legal = new Uint8Array(position.actionCount);
        const legalTurned = new Uint8Array(position.actionCount);
        playRandom(position, game.seed, game.moves, (action) => {
          turned.play(map[action]!);
          expect(turned.score()).toBe(position.score());
          position.legal(legal);
          turned.legal(legalTurned);
          legal.forEach((value, at) => expect(legalTurned[map[at]!]).toBe(value));
        });
      }),
      { seed, numRuns: 60 },
    );
  });

  it.each(featureSets)('commutes with the features $name', (set) => {
    fc.assert(
      fc.property(games, symmetry, (game, s) => {
        const { size } = game;
        const map = symmetryMap(size, s);
        const position = new Position(size, game.rules);
        const turned = new Position(size, game.rules);
        const compare = (): void => {
          const [a, b] = [position, turned].map((p) => {
            const planes = new Float32Array(set.planes * size * size + 3).fill(9);
            const globals = new Float32Array(set.globals + 3).fill(9);
            set.write(p.snapshot(), p === position ? s : 0, planes, 2, globals, 1);
            return { planes, globals };
          });
          expect(a).toEqual(b);
          expect([a!.planes[1], a!.planes.at(-1), a!.globals[0], a!.globals.at(-1)]).toEqual([9, 9, 9, 9]);
        };
        compare();
        // More than a thousand positions in all.
        playRandom(position, game.seed, game.moves, (action) => {
          turned.play(map[action]!);
          if (position.moveCount % 5 === 0) compare();
        });
      }),
      { seed, numRuns: 80 },
    );
  });

  it('is undone by its inverse', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 19 }), symmetry, (size, s) => {
        const there = symmetryMap(size, s);
        const back = symmetryMap(size, inverseSymmetry(s));
        expect([...there].map((image) => back[image])).toEqual([...there.keys()]);
      }),
      { seed },
    );
  });
});

describe('text and records', () => {
  it('vertices are read back as they were written', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 19 }), fc.nat(), (size, n) => {
        const action = n % (size * size + 1);
        expect(parseVertex(formatVertex(action, size), size)).toBe(action);
        expect(parseVertex(formatVertex(action, size).toLowerCase(), size)).toBe(action);
      }),
      { seed },
    );
  });

  it('policies survive packing within the rounding of one unit', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 5, maxLength: 5 }), (counts) => {
        const total = counts.reduce((a, b) => a + b);
        fc.pre(total > 0);
        const policy = counts.map((count) => count / total);
        const out = new Float32Array(7);
        unpackPolicy(packPolicy(policy), 2, out, 1);
        policy.forEach((share, action) => expect(out[action + 1]).toBeCloseTo(share, 4));
        expect([out[0], out[6]]).toEqual([0, 0]);
      }),
      { seed },
    );
  });

  it('every random game replays', () => {
    fc.assert(
      fc.property(games, (game) => {
        const position = played(game);
        fc.pre(position.moveCount > 0);
        const { size, moves } = position;
        const searches = moves.map((move) => ({
          policy: Uint16Array.of(move, 65_535),
          value: 0,
          visits: 1,
          full: true,
        }));
        const score = position.score();
        const names = { gameId: 'g', jobId: 'j', modelVersion: 'm@1', seed: 1 };
        const record: GameRecord = { ...names, size, rules: game.rules, moves, searches, score };
        expect(replayGame(record).snapshot()).toEqual(position.snapshot());
      }),
      { seed, numRuns: 60 },
    );
  });
});
