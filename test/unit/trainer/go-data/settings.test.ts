import { describe, expect, it } from 'vitest';
import { readAlphaZeroConfig } from '../../../../src/trainer/alphazero/config.js';
import { alphaZeroSchema } from '../../../../src/trainer/alphazero/schema.js';
import { goDataSchema } from '../../../../src/trainer/go-data/schema.js';
import { readGoDataSettings } from '../../../../src/trainer/go-data/settings.js';

describe('settings of a job by which its games are read', () => {
  it('are those of the alphazero job, field for field', () => {
    expect(alphaZeroSchema).toMatchObject(goDataSchema);
  });

  it('are read as the job reads them, beside settings that are none of them', () => {
    const config = readAlphaZeroConfig({ size: 9, variations: 4, windowMin: 200, valueMix: 0.5, visits: 30 });
    const settings = readGoDataSettings(config);
    expect(config).toMatchObject(settings);
    expect(settings).not.toHaveProperty('visits');
  });

  it('have their defaults where a job was created before there was such a setting', () => {
    expect(readGoDataSettings({ size: 9, visits: 30 })).toEqual({ ...readGoDataSettings({}), size: 9 });
  });

  it('are refused by name', () => {
    expect(() => readGoDataSettings({ size: 9, valueMix: 2 })).toThrow("Setting 'valueMix' is 2");
  });
});
