import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { packPosition, packedBytes, unpackPosition } from '../../src/go/packed-position.js';
import { Position } from '../../src/go/position.js';
import { handicapBonuses, koRules, scorings, taxes, type Rules } from '../../src/go/rules.js';
import { checkSnapshot, previousStones, type Snapshot } from '../../src/go/snapshot.js';
import { Position as Message } from '../../src/proto/tengen/v1/position.js';
import { positionFromWire, positionToWire } from '../../src/wire/position.js';
import { rulesFromWire, rulesToWire } from '../../src/wire/rules.js';
import { playRandom } from '../support/random-game.js';

const seed = 20_261_126;
const rules = fc.record({
  ko: fc.constantFrom(...koRules),
  suicide: fc.boolean(),
  komi: fc.integer({ min: -4, max: 4 }).map((k) => k / 2),
  scoring: fc.constantFrom(...scorings),
  tax: fc.constantFrom(...taxes),
  whiteHandicapBonus: fc.constantFrom(...handicapBonuses),
  friendlyPassOk: fc.boolean(),
});
// Small boards, where captures and suicides are many.
const games = fc.record({ size: fc.integer({ min: 2, max: 5 }), rules, seed: fc.nat(), moves: fc.nat({ max: 60 }) });

/** Rules with every default said, so that a default said and one left out compare equal. */
function complete({ scoring = 'area', tax = 'none', friendlyPassOk = false, ...rest }: Rules): Rules {
  return { whiteHandicapBonus: '0', ...rest, scoring, tax, friendlyPassOk };
}

describe('the snapshot of a random position', () => {
  it('tells the boards one and two turns ago', () => {
    fc.assert(
      fc.property(games, (game) => {
        const position = new Position(game.size, game.rules);
        const boards = [position.snapshot().stones];
        playRandom(position, game.seed, game.moves, () => {
          // A copy knows as much as the original.
          const copy = new Position(game.size, game.rules);
          copy.copyFrom(position);
          const snapshot = copy.snapshot();
          checkSnapshot(snapshot);
          boards.unshift(snapshot.stones);
          const before = new Uint8Array(snapshot.stones.length);
          const beforeThat = new Uint8Array(snapshot.stones.length);
          previousStones(snapshot, before, beforeThat);
          expect(before).toEqual(boards[1]);
          expect(beforeThat).toEqual(boards[Math.min(2, boards.length - 1)]);
        });
      }),
      { seed, numRuns: 200 },
    );
  });

  it('comes back from the wire and from a record as it was', () => {
    fc.assert(
      fc.property(games, (game) => {
        const position = new Position(game.size, game.rules);
        playRandom(position, game.seed, game.moves);
        const snapshot = position.snapshot();
        const bytes = Message.encode(positionToWire(snapshot)).finish();
        const received = positionFromWire(Message.decode(bytes));
        expect({ ...received, rules: complete(received.rules) }).toEqual(snapshot);
        expect(complete(rulesFromWire(rulesToWire(game.rules)))).toEqual(game.rules);
        const record = new Uint8Array(packedBytes(game.size));
        packPosition(snapshot, record, 0);
        const read = unpackPosition(record, 0, game.size, new Uint8Array(game.size ** 2));
        const { whiteHandicapBonus } = game.rules;
        expect({ ...read, rules: { ...complete(read.rules), whiteHandicapBonus } }).toEqual(snapshot);
      }),
      { seed, numRuns: 300 },
    );
  });
});

describe('a client that leaves the newer fields out', () => {
  it('asks about a position under area scoring without a bonus', () => {
    const position = new Position(5, { ko: 'positional', suicide: false, komi: 0.5 });
    playRandom(position, 3, 40);
    const { size, stones, toMove, rules, lastMoves, banned } = position.snapshot();
    const old: Snapshot = { size, stones, toMove, rules, lastMoves, banned };
    expect(positionFromWire(Message.decode(Message.encode(positionToWire(old)).finish()))).toEqual({
      ...old,
      captured: [],
      capturedBefore: [],
      bonus: 0,
    });
  });
});
