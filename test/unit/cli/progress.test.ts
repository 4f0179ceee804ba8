import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { progressLine } from '../../../clients/cli/commands/jobs.js';
import { LearningCurve } from '../../../clients/cli/terminal/learning-curve.js';
import type { JobProgress } from '../../../src/proto/tengen/v1/job.js';

const progress = (metrics: Record<string, number>): JobProgress => ({
  jobId: 'j',
  sequence: 1,
  timeMs: 45_296_000,
  event: 'train',
  message: '',
  times: [],
  metrics,
});
const ofTrees = { meanLcr: 0.41234, eligibleShare: 0.31, variationsPerTree: 9.75, backUp: 1.875 };

describe('a line of progress', () => {
  it('has the figures of game trees where games are branched', () => {
    expect(progressLine(progress({ games: 1200, loss: 2.5, ...ofTrees }))).toBe(
      '12:34:56  train      games 1,200  loss 2.500  meanLcr 0.412  eligibleShare 0.310  variationsPerTree 9.750  backUp 1.875',
    );
    expect(progressLine(progress({ games: 12 }))).toBe('12:34:56  train      games 12');
  });
});

describe('the learning curve', () => {
  function lastPicture(metrics: Record<string, number>): string[] {
    let text = '';
    const out = new Writable({
      write: (chunk: Buffer, _, done) => {
        text += chunk.toString();
        done();
      },
    });
    const terminal = Object.assign(out, { isTTY: true, columns: 80 }) as unknown as NodeJS.WriteStream;
    new LearningCurve(terminal).add(progress(metrics));
    return text.trimEnd().split('\n');
  }

  it('has a line for game trees where games are branched', () => {
    expect(lastPicture({ games: 1200, ...ofTrees }).slice(-2)).toEqual([
      '0.0 min  1,200 games',
      '9.8 games a tree  0.412 LCR  0.31 eligible  1.9 plies back',
    ]);
    expect(lastPicture({ games: 1200 }).at(-1)).toBe('0.0 min  1,200 games');
  });
});
