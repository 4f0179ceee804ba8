import { describe, expect, it } from 'vitest';
import { Rng } from '../../../../src/core/rng.js';
import { tengen1 } from '../../../../src/go/tengen-features.js';
import { readAlphaZeroConfig } from '../../../../src/trainer/alphazero/config.js';
import { BatchSource } from '../../../../src/trainer/go-data/batch-source.js';
import { makeGameRows, type GameRows } from '../../../../src/trainer/go-data/game-rows.js';
import { ReplayMemory } from '../../../../src/trainer/go-data/replay-memory.js';
import { randomGame } from '../../../support/random-games.js';

const WINDOW = 100;
const config = readAlphaZeroConfig({ size: 5, batchSize: 8 });
const memory = new ReplayMemory<GameRows>();
for (let i = 0; i < 10; i++) {
  memory.add(makeGameRows({ sequence: i, record: randomGame({ size: 5, seed: i }) }, 'value'));
}

function source(rng = new Rng(3)): BatchSource {
  return new BatchSource(memory, config, tengen1, rng);
}

const planes = (of: BatchSource): number[] => [...of.take(WINDOW).planes];

describe('the source of batches', () => {
  it('draws the same batches ahead as when they are taken', () => {
    const [late, early] = [source(), source()];
    const expected = [planes(late), planes(late), planes(late)];
    expect(expected[0]).not.toEqual(expected[1]);
    const taken = [planes(early)];
    early.drawAhead(WINDOW);
    taken.push(planes(early), planes(early));
    expect(taken).toEqual(expected);
  });

  it('leaves the batch that a step still reads as it is', () => {
    const batches = source();
    const reading = batches.take(WINDOW);
    const before = [...reading.planes];
    batches.drawAhead(WINDOW);
    expect([...reading.planes]).toEqual(before);
  });

  it('draws again what was drawn ahead and never taken', () => {
    const stopped = source();
    stopped.take(WINDOW);
    stopped.drawAhead(WINDOW);
    const resumed = source(Rng.fromState(stopped.rngState));
    expect(planes(resumed)).toEqual(planes(stopped));
  });
});
