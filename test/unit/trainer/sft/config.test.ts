import { describe, expect, test } from 'vitest';

import { readSftConfig } from '../../../../src/trainer/sft/config.js';

describe('the settings of an sft job', () => {
  test('have defaults for all but the data set', () => {
    expect(readSftConfig({ dataset: 'd' })).toMatchObject({ dataset: 'd', contextParallel: 2, batchSize: 32 });
    expect(() => readSftConfig({})).toThrow("Setting 'dataset' is empty");
  });

  test.each([
    [{ hidden: 100 }, /'hidden' is 100; it must be a multiple of twice the heads, 16/],
    [{ keyValueHeads: 3 }, /'keyValueHeads' is 3; it must divide the heads, 8/],
    [{ epochs: 0 }, /'epochs' and 'maxSteps' are both 0/],
    [{ policy: 'fastest' }, /'policy' is "fastest"; it must be one of shard-all/],
    [{ bucket: 5 }, /Unknown setting 'bucket'; did you mean/],
  ])('%o is refused', (settings, message) => {
    expect(() => readSftConfig({ dataset: 'd', ...settings })).toThrow(message);
  });
});
