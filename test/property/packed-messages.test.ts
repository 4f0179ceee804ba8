import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evaluationBytes, packEvaluation, unpackEvaluations } from '../../src/go/packed-evaluation.js';
import { packPositions } from '../../src/go/packed-position.js';
import { Position } from '../../src/go/position.js';
import { koRules, type Rules, scorings, taxes } from '../../src/go/rules.js';
import { scoreFields } from '../../src/go/scores.js';
import type { Snapshot } from '../../src/go/snapshot.js';
import { EvaluateRequest, EvaluateResponse, Priority } from '../../src/proto/tengen/v1/evaluator.js';
import { Evaluation } from '../../src/proto/tengen/v1/position.js';
import { Precision } from '../../src/proto/tengen/v1/precision.js';
import { evaluationsToWire } from '../../src/wire/evaluation.js';
import { packedAnswer } from '../../src/wire/packed-answer.js';
import { MOST_PACKED, type PackedEvaluateRequest, readPackedRequest } from '../../src/wire/packed-request.js';
import { PositionWriter } from '../../src/wire/position-writer.js';
import { positionFromWire, positionToWire } from '../../src/wire/position.js';
import { readAnswer } from '../../src/wire/read-answer.js';
import { playRandom } from '../support/random-game.js';

const seed = 20_261_201;
const rules = fc.record({
  ko: fc.constantFrom(...koRules),
  suicide: fc.boolean(),
  komi: fc.integer({ min: -4, max: 4 }).map((k) => k / 2),
  scoring: fc.constantFrom(...scorings),
  tax: fc.constantFrom(...taxes),
  friendlyPassOk: fc.boolean(),
});
// Small boards, where captures and bans are many.
const games = fc.record({ size: fc.integer({ min: 2, max: 5 }), rules, seed: fc.nat(), moves: fc.nat({ max: 60 }) });

function snapshotsOf(game: { size: number; rules: Rules; seed: number; moves: number }): Snapshot[] {
  const position = new Position(game.size, game.rules);
  const snapshots = [position.snapshot()];
  playRandom(position, game.seed, game.moves, () => snapshots.push(position.snapshot()));
  return snapshots;
}

const header = {
  requestId: 2n ** 63n,
  model: 'a name@1',
  priority: Priority.INTERACTIVE,
  ownership: true,
  cancel: false,
  precision: Precision.FP32,
};

function bytesOf(snapshots: readonly Snapshot[]): Uint8Array {
  return EvaluateRequest.encode({ ...header, positions: snapshots.map(positionToWire) }).finish();
}

function read(bytes: Uint8Array): PackedEvaluateRequest | undefined {
  return readPackedRequest(bytes, (rest) => EvaluateRequest.decode(rest));
}

describe('a list of positions that is written without messages', () => {
  it('is what the generated code writes', () => {
    fc.assert(
      fc.property(games, (game) => {
        const snapshots = snapshotsOf(game);
        const writer = new PositionWriter();
        for (const snapshot of snapshots) writer.add(snapshot);
        expect(writer.count).toBe(snapshots.length);
        const { positions } = EvaluateRequest.decode(writer.bytes);
        expect(positions).toEqual(EvaluateRequest.decode(bytesOf(snapshots)).positions);
      }),
      { seed, numRuns: 200 },
    );
  });

  it('has room for a position in which every list names every point', () => {
    const size = 19;
    const all = Array.from({ length: size * size }, (_, point) => point);
    const empty = new Position(size, { ko: 'simple', suicide: true, komi: 7.5 }).snapshot();
    const snapshot = { ...empty, banned: all, captured: all, capturedBefore: all, lastMoves: [1, 361], bonus: -0.5 };
    const writer = new PositionWriter();
    for (let i = 0; i < 3; i++) writer.add(snapshot);
    expect(EvaluateRequest.decode(writer.bytes).positions).toEqual(new Array(3).fill(positionToWire(snapshot)));
  });
});

describe('an answer that is read', () => {
  it('may have fields that are not known yet, and policies of several lengths', () => {
    const evaluations = [2, 3, 2].map((size) =>
      Evaluation.create({ policy: new Uint8Array(2 * size * size + 2), win: 1 }),
    );
    const [first, ...others] = evaluations.map((each) => {
      // Field 15 with a number, and field 14 with bytes.
      const fields = Buffer.concat([Evaluation.encode(each).finish(), Uint8Array.of(0x78, 0xac, 2, 0x72, 2, 7, 7)]);
      return Buffer.concat([Uint8Array.of(0x1a, fields.length), fields]);
    });
    const answer = readAnswer(Buffer.concat([first!, Uint8Array.of(0x72, 1, 9), ...others]));
    expect(answer.evaluations.map(({ logits, value }) => [logits.length, value])).toEqual([
      [5, 1],
      [10, 1],
      [5, 1],
    ]);
    expect(() => readAnswer(first!.subarray(0, 9))).toThrow('ends within a field');
  });
});

describe('a request read into packed positions', () => {
  it('has the positions of the snapshots that were sent', () => {
    fc.assert(
      fc.property(games, (game) => {
        const snapshots = snapshotsOf(game);
        expect(read(bytesOf(snapshots))).toEqual({
          ...header,
          positions: [],
          packed: packPositions(snapshots, game.size),
        });
      }),
      { seed, numRuns: 200 },
    );
  });

  it('is never one that the other way would refuse or read differently', () => {
    let [taken, left] = [0, 0];
    fc.assert(
      fc.property(games, fc.nat(), fc.nat({ max: 255 }), (game, where, byte) => {
        const bytes = bytesOf(snapshotsOf(game).slice(-2));
        bytes[where % bytes.length] = byte;
        let request: PackedEvaluateRequest | undefined;
        try {
          request = read(bytes);
        } catch {
          // What is beside the positions is no message.
        }
        if (!request) {
          left++;
          return;
        }
        taken++;
        const { positions } = EvaluateRequest.decode(bytes);
        expect(request.packed).toEqual(packPositions(positions.map(positionFromWire), request.packed.size));
      }),
      { seed, numRuns: 3000 },
    );
    expect(Math.min(taken, left)).toBeGreaterThan(100);
  });

  it('is left to the other way if it is long, empty, of several sizes or cut off', () => {
    const [small, large] = [2, 3].map((size) =>
      new Position(size, { ko: 'simple', suicide: true, komi: 0 }).snapshot(),
    );
    const many = new Array<Snapshot>(MOST_PACKED).fill(small!);
    expect(read(bytesOf(many))?.packed.count).toBe(MOST_PACKED);
    expect(read(bytesOf([...many, small!]))).toBeUndefined();
    expect(read(bytesOf([]))).toBeUndefined();
    expect(read(bytesOf([small!, large!]))).toBeUndefined();
    const bytes = bytesOf([small!]);
    for (let end = 0; end < bytes.length; end++) {
      const some = bytes.slice(0, end);
      // Only between two fields is it a message at all.
      if (read(some)) expect(EvaluateRequest.decode(some).positions).toHaveLength(1);
    }
  });
});

describe('an answer written from packed evaluations', () => {
  it('says what the evaluations say', () => {
    // The generated code does not write a zero, whatever its sign.
    const float = fc.float({ noNaN: true, min: -100, max: 100 }).map((value) => value + 0);
    const score = fc.oneof(float, fc.constant(NaN));
    const networks = fc.record({
      size: fc.integer({ min: 2, max: 9 }),
      count: fc.integer({ min: 1, max: 5 }),
      ownership: fc.boolean(),
      scores: fc.array(score, { minLength: 5 * scoreFields.length, maxLength: 5 * scoreFields.length }),
      numbers: fc.array(float, { minLength: 20, maxLength: 20 }),
    });
    fc.assert(
      fc.property(networks, ({ size, count, ownership, scores, numbers }) => {
        const rowsOf = (entries: number): Float32Array =>
          Float32Array.from({ length: count * entries }, (_, i) => numbers[i % numbers.length]!);
        const rows = {
          policy: new Uint32Array(rowsOf(size * size + 1).buffer),
          value: rowsOf(3),
          scores: Float32Array.from(scores),
          ownership: new Uint32Array(rowsOf(size * size).buffer),
        };
        const bytes = new Uint8Array(count * evaluationBytes(size, ownership));
        const packed = { size, count, ownership, bytes };
        // In another order than that of the rows.
        for (let i = 0; i < count; i++) packEvaluation(rows, count - 1 - i, packed, new Float32Array(bytes.buffer), i);
        const evaluations = unpackEvaluations(packed);
        evaluations.forEach(({ win, score, scoreStdev }, i) => {
          const row = count - 1 - i;
          expect([win, score]).toEqual([rows.value[3 * row], rows.scores[row * scoreFields.length]]);
          expect(scoreStdev ?? NaN).toBe(rows.scores[row * scoreFields.length + 1]);
        });
        const facts = EvaluateResponse.create({ requestId: 7n, modelVersion: 'a@1', capacity: 3 });
        const answer = packedAnswer(EvaluateResponse.encode(facts).finish(), packed);
        const message = { ...facts, evaluations: evaluationsToWire(evaluations) };
        expect(EvaluateResponse.decode(answer)).toEqual(message);
        expect(readAnswer(answer)).toEqual({ ...facts, evaluations });
        expect(readAnswer(EvaluateResponse.encode(message).finish())).toEqual({ ...facts, evaluations });
      }),
      { seed, numRuns: 300 },
    );
  });
});
