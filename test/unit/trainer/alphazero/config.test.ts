import { describe, expect, it } from 'vitest';
import { playSettings, readAlphaZeroConfig, rulesOf } from '../../../../src/trainer/alphazero/config.js';

describe('the settings of an alphazero job', () => {
  it('take the fair komi of the size unless told otherwise', () => {
    expect(rulesOf(readAlphaZeroConfig({})).komi).toBe(9);
    expect(rulesOf(readAlphaZeroConfig({ size: 9 })).komi).toBe(7.5);
    expect(rulesOf(readAlphaZeroConfig({ komi: 6.5 })).komi).toBe(6.5);
    expect(rulesOf(readAlphaZeroConfig({ komi: '-3' })).komi).toBe(-3);
  });

  it('refuse what cannot be, naming the value', () => {
    expect(() => readAlphaZeroConfig({ komi: 6.25 })).toThrow(
      /'komi' is "6.25"; it must be 'fair' or a multiple of 0.5/,
    );
    expect(() => readAlphaZeroConfig({ komi: '' })).toThrow(/komi/);
    expect(() => readAlphaZeroConfig({ komi: 50 })).toThrow(/±49/);
    expect(() => readAlphaZeroConfig({ candidateSeconds: 0 })).toThrow(/candidateSteps/);
    expect(() => readAlphaZeroConfig({ batchsize: 3 })).toThrow(/did you mean 'batchSize'/);
    expect(() => readAlphaZeroConfig({ visits: 0 })).toThrow(/'visits' is 0/);
  });

  it('are their own reading', () => {
    const config = readAlphaZeroConfig({ size: 5, komi: 1.5, seed: 3 });
    expect(readAlphaZeroConfig(JSON.parse(JSON.stringify(config)) as Record<string, unknown>)).toEqual(config);
  });

  it('let rating games go without exploration', () => {
    const config = readAlphaZeroConfig({ cheapVisits: 4, ratingVisits: 50 });
    const selfPlay = playSettings(config, 'self-play');
    const match = playSettings(config, 'match');
    expect(selfPlay).toMatchObject({ visits: config.visits, cheapVisits: 4, maxMoves: 74 });
    expect(match).toMatchObject({ visits: 50, cheapVisits: 0, temperatureMoves: 0, dirichletTotal: 0 });
    expect(Object.keys(match).sort()).toEqual(Object.keys(selfPlay).sort());
  });
});
