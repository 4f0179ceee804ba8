import { describe, expect, it } from 'vitest';
import { AppError } from '../../../src/core/errors.js';
import { isDamage, storageFailure } from '../../../src/store/sqlite/failure.js';

const path = '/srv/data/tengen.db';
const thrown = (message: string, fields: object = {}): Error => Object.assign(new Error(message), fields);

describe('a failure of the storage', () => {
  it.each([
    ['a full database', thrown('database or disk is full'), 'resource-exhausted', /is full; nothing was stored/],
    ['a full disk', thrown('x', { code: 'ENOSPC' }), 'resource-exhausted', /is full/],
    ['a quota', thrown('x', { code: 'EDQUOT' }), 'resource-exhausted', /is full/],
    ['a locked database', thrown('x', { sqliteCode: 5 | (1 << 8) }), 'failed-precondition', /in use by another server/],
    ['a read-only file', thrown('x', { sqliteCode: 8 }), 'unavailable', /cannot be written.*read-only/],
    ['a read-only disk', thrown('x', { code: 'EROFS' }), 'unavailable', /cannot be written.*read-only/],
    ['a foreign file', thrown('EACCES: no', { code: 'EACCES' }), 'unavailable', /user of this program may not use/],
    ['a database that cannot be opened', thrown('x', { sqliteCode: 14 }), 'unavailable', /may not use/],
    ['a broken disk', thrown('x', { code: 'EIO' }), 'unavailable', /failed, or a limit or quota was reached/],
    ['too many files', thrown('x', { code: 'EMFILE' }), 'resource-exhausted', /too many files are open/],
    ['anything else', thrown('out of luck', { code: 'ELUCK' }), 'unavailable', /failed: out of luck/],
  ] as const)('%s is said in a sentence', (_, error, kind, message) => {
    const failure = storageFailure(error, path);
    expect(failure.kind).toBe(kind);
    expect(failure.message).toMatch(message);
    expect(failure.message).toContain(path);
    expect(isDamage(failure)).toBe(false);
  });

  it.each([
    ['with its code', thrown('x', { sqliteCode: 11 })],
    ['with an extended code', thrown('x', { sqliteCode: 11 | (2 << 8) })],
    ['without a code', thrown('database disk image is malformed', { code: 'ERR_SQLITE_ERROR' })],
    ['in the schema', thrown('malformed database schema (games)', { code: 'ERR_SQLITE_ERROR' })],
    ['in the first page', thrown('file is not a database')],
    ['in the JSON of a row', new SyntaxError('Unexpected token Z in JSON')],
  ])('damage %s gives the same advice', (_, error) => {
    const failure = storageFailure(error, path);
    expect(failure.kind).toBe('failed-precondition');
    expect(failure.message).toMatch(
      /is damaged .*nothing was removed.*'\/srv\/data\/blobs'.*tengen store new --data-dir/,
    );
    expect(isDamage(failure)).toBe(true);
  });

  it('that has words already keeps them', () => {
    const error = new AppError('not-found', 'There is none');
    expect(storageFailure(error, path)).toBe(error);
  });
});
