import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { analyse } from '../support/analysis-session.js';

const seed = 20_240_229;

const turns = fc.uniqueArray(fc.integer({ min: 0, max: 2 }), { minLength: 1, maxLength: 3 });
const query = fc.record({ turns, priority: fc.integer({ min: -2, max: 2 }), visits: fc.integer({ min: 1, max: 30 }) });
const item = fc.oneof(
  { weight: 4, arbitrary: query.map((value) => ({ ...value, kind: 'query' as const })) },
  { weight: 1, arbitrary: fc.nat({ max: 10 }).map((target) => ({ kind: 'terminate' as const, target })) },
  { weight: 1, arbitrary: fc.constantFrom('', '{', '[]', '"id"').map((text) => ({ kind: 'noise' as const, text })) },
);

describe('whatever is asked and terminated', () => {
  it('every position of every query has exactly one final answer, and every action its echo', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(item, { maxLength: 12 }),
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 1, max: 4 }),
        async (items, positions, waiting) => {
          const lines = items.map((value, id) => {
            if (value.kind === 'noise') return value.text;
            if (value.kind === 'terminate') {
              return { id: String(id), action: 'terminate', terminateId: String(value.target) };
            }
            const moves = [
              ['B', 'C3'],
              ['W', 'C4'],
            ];
            const board = { boardXSize: 5, boardYSize: 5, rules: 'chinese', komi: 0.5, moves };
            const { visits: maxVisits, priority } = value;
            return {
              id: String(id),
              ...board,
              analyzeTurns: value.turns,
              maxVisits,
              priority,
              reportDuringSearchEvery: 0.001,
            };
          });
          const answers = await analyse(lines, { settings: { positions, waiting } });
          const finals = answers.filter(({ isDuringSearch }) => isDuringSearch === false);
          const expected = items.flatMap((value, id) =>
            value.kind === 'query' ? value.turns.map((turn) => `${String(id)}:${String(turn)}`) : [],
          );
          expect(finals.map(({ id, turnNumber }) => `${id ?? ''}:${String(turnNumber)}`).sort()).toEqual(
            expected.sort(),
          );
          const echoes = answers.filter(({ action }) => action === 'terminate').length;
          expect(echoes).toBe(items.filter(({ kind }) => kind === 'terminate').length);
          const errors = answers.filter(({ error }) => error !== undefined).length;
          expect(errors).toBe(items.filter((value) => value.kind === 'noise' && value.text !== '').length);
        },
      ),
      { seed, numRuns: 60 },
    );
  });
});
