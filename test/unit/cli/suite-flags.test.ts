import { describe, expect, it } from 'vitest';
import { suiteOptions, taskLine } from '../../../clients/cli/suite-flags.js';
import { byteTokenizer } from '../../../src/text/bytes.js';
import { readDataset } from '../../../src/text/dataset.js';
import { readTasks } from '../../../src/text/tasks.js';
import { makeSuite } from '../../../src/tasks/suite.js';

const given = { suite: 'ladder', families: undefined, levels: '2-4', count: '30', split: 'test', seed: '9' };

describe('datasets make', () => {
  it('reads its flags', () => {
    expect(suiteOptions(given)).toMatchObject({ levels: [2, 3, 4], count: 30, seed: 9, split: 'test' });
    expect(suiteOptions({ ...given, suite: 'mix-fixed', families: 'add,mul', levels: '1' })).toMatchObject({
      families: ['add', 'mul'],
      levels: [1],
      fixedLength: true,
    });
  });

  it.each([
    [{ suite: undefined }, 'datasets make needs --suite: ladder, ladder-fixed, mix, mix-fixed'],
    [{ suite: 'lader' }, "There is no suite 'lader'; did you mean 'ladder'?"],
    [{ families: 'ad' }, "There is no family 'ad'; did you mean 'add'?"],
    [{ levels: '4-2' }, "--levels is '4-2'; the first must not be above the last"],
    [{ levels: 'x' }, "--levels is 'x'"],
    [{ split: 'both' }, "--split is 'both'; it must be train or test"],
    [{ count: '' }, "--count is ''; it must be a whole number"],
  ])('refuses %j', (wrong, message) => {
    expect(() => suiteOptions({ ...given, ...wrong })).toThrow(message);
  });

  it('makes lines that are tasks for rft and samples for sft', () => {
    const tasks = makeSuite(suiteOptions(given));
    const file = new TextEncoder().encode(tasks.map(taskLine).join(''));
    expect(readTasks(file)).toMatchObject({
      malformed: [],
      tasks: [{ line: 1, answer: tasks[0]!.answer }, ...Array<object>(29).fill({})],
    });
    expect(readDataset(file, { tokenizer: byteTokenizer }).samples).toHaveLength(30);
  });
});
