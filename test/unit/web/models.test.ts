import { describe, expect, it } from 'vitest';
import { firstSize, modelChoices, modelFor } from '../../../clients/web/board/models.js';
import { boardSizes, boardsText } from '../../../clients/shared/model-boards.js';
import { Model } from '../../../src/proto/tengen/v1/model.js';

const model = (name: string, version: string, size: number, more: Partial<Model> = {}): Model => ({
  ...Model.fromPartial({ name, version: version.repeat(12), size, smallestSize: size }),
  ...more,
});

describe('the boards of a model', () => {
  it('are all from the smallest to the largest', () => {
    expect(boardSizes({ size: 9, smallestSize: 9 })).toEqual([9]);
    expect(boardSizes({ size: 7, smallestSize: 4 })).toEqual([7, 6, 5, 4]);
    expect(boardsText({ size: 9, smallestSize: 9 })).toBe('9×9');
    expect(boardsText({ size: 19, smallestSize: 2 })).toBe('2×2 to 19×19');
  });

  it('are one where an older server says no smallest, and none for a language model', () => {
    expect(boardSizes({ size: 9, smallestSize: 0 })).toEqual([9]);
    expect(boardSizes({ size: 0, smallestSize: 0 })).toEqual([]);
    expect(boardsText({ size: 0, smallestSize: 0 })).toBe('');
  });
});

describe('the choices of models', () => {
  const choices = modelChoices([
    model('go7', 'a', 7, { step: 300, rating: 41.6, promoted: true }),
    model('go7', 'b', 7, { step: 200 }),
    model('words', 'c', 0, { promoted: true }),
    model('kata', 'd', 19, { smallestSize: 2, promoted: true }),
  ]);

  it('begin with what is promoted, and leave out what has no board', () => {
    expect(choices.map(({ ref, title }) => [ref, title])).toEqual([
      ['go7', 'go7 · 7×7'],
      ['kata', 'kata · 2×2 to 19×19'],
      ['go7@aaaaaaaaaaaa', 'go7@aaaaaa · step 300 · 42 Elo'],
      ['go7@bbbbbbbbbbbb', 'go7@bbbbbb · step 200'],
      ['kata@dddddddddddd', 'kata@dddddd'],
    ]);
    expect(choices[1]!.sizes).toEqual(Array.from({ length: 18 }, (_, i) => i + 2));
  });

  it('begin with 9×9 where the model plays it, else with its largest board', () => {
    expect(choices.slice(0, 2).map(firstSize)).toEqual([7, 9]);
    expect(firstSize({ ref: '', title: '', sizes: [10, 11] })).toBe(11);
  });

  it('stay while they play the board, and give way to the first that does', () => {
    expect(modelFor(choices, 'kata', 7)?.ref).toBe('kata');
    expect(modelFor(choices, 'go7@bbbbbbbbbbbb', 7)?.ref).toBe('go7@bbbbbbbbbbbb');
    expect(modelFor(choices, 'go7', 13)?.ref).toBe('kata');
    expect(modelFor(choices, undefined, 7)?.ref).toBe('go7');
    expect(modelFor(choices.slice(0, 1), 'go7', 9)).toBeUndefined();
  });
});
