import { describe, expect, it } from 'vitest';
import { findScores, formatScoredTasks, parseScores, type ScoresOf } from '../../../../src/trainer/rft/scored-tasks.js';
import { readTasks } from '../../../../src/text/tasks.js';

const pool = [
  { id: 'line 1', prompt: '1+1=', answer: '2', family: 'add', level: 1 },
  { id: 'line 2', prompt: '2-1=', answer: '1', family: '', level: 0, verifier: 'numeric' },
];
const scores = [
  { intra: 0.5, inter: 0.25, debiasedIntra: 0.4, length: 4 },
  { intra: 0.75, inter: -0.125, debiasedIntra: 0.7, length: 4 },
];
const readScores = (bytes: Uint8Array, tasks: typeof pool, of: ScoresOf) => findScores(parseScores(bytes, of), tasks);
const file = formatScoredTasks(pool, scores, 'm@123');

describe('scored tasks', () => {
  it('are found again by prompt, whatever the order of the pool, and are tasks still', () => {
    const options = { modelVersion: 'm@123', allowsOthers: false };
    expect(readScores(file, [...pool].reverse(), options)).toEqual([...scores].reverse());
    expect(readTasks(file).tasks.map(({ prompt, answer }) => prompt + answer)).toEqual(['1+1=2', '2-1=1']);
  });

  it('are refused with another model unless told otherwise', () => {
    expect(() => readScores(file, pool, { modelVersion: 'm@456', allowsOthers: false })).toThrow(
      'Line 1 of the scores is of the model "m@123", the job starts from \'m@456\'',
    );
    expect(readScores(file, pool, { modelVersion: 'm@456', allowsOthers: true })).toEqual(scores);
  });

  it('name the prompt that has none, and the line that is malformed', () => {
    const options = { modelVersion: 'm@123', allowsOthers: false };
    const other = { ...pool[0]!, id: 'line 9', prompt: '9+9=' };
    expect(() => readScores(file, [other], options)).toThrow("The scores have none for prompt 'line 9'");
    const bad = new TextEncoder().encode('\n{"prompt": "1", "modelVersion": "m@123", "intra": "x"}\n');
    expect(() => readScores(bad, pool, options)).toThrow('Line 2 of the scores: intra must be a number');
  });
});
