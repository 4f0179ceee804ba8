import { expect, it } from 'vitest';
import { subjects } from '../../bench/interleavings/subjects.js';

// `npm run bench -- interleavings` tries a hundred thousand.
it.each(subjects.map((subject) => [subject.name, subject] as const))(
  'keeps its promises in whatever order things happen: %s',
  async (_name, subject) => {
    expect((await subject.explore({ schedules: 500, seed: 16 })).failure).toBeUndefined();
  },
);
