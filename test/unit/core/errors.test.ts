import { describe, expect, it } from 'vitest';
import { AppError, assert, check, errorKinds } from '../../../src/core/errors.js';

describe('AppError', () => {
  it('has a kind, a message and a cause', () => {
    const cause = new Error('disk');
    for (const kind of errorKinds) {
      const error = new AppError(kind, 'It failed', { cause });
      expect(error).toBeInstanceOf(Error);
      expect(error).toMatchObject({ name: 'AppError', kind, message: 'It failed', cause });
    }
  });

  it('stays itself when it is made from itself', () => {
    const error = new AppError('not-found', 'There is none');
    expect(AppError.from(error)).toBe(error);
  });

  it('is made from whatever was thrown, which becomes its cause', () => {
    const named = (name: string): Error => Object.assign(new Error('raw'), { name });
    const made = (thrown: unknown): unknown[] => {
      const { kind, message, cause } = AppError.from(thrown);
      return [kind, message, cause === thrown];
    };
    expect(made(named('AbortError'))).toEqual(['cancelled', 'The operation was cancelled', true]);
    expect(made(named('TimeoutError'))).toEqual([
      'deadline-exceeded',
      'The operation took longer than its deadline',
      true,
    ]);
    expect(made(new RangeError('raw'))).toEqual(['internal', 'raw', true]);
    expect(made('a text')).toEqual(['internal', 'a text', true]);
    expect(made(undefined)).toEqual(['internal', 'undefined', true]);
    expect(made(AbortSignal.abort().reason)[0]).toBe('cancelled');
  });
});

describe('conditions', () => {
  it('on input are refused as arguments; the message is made only when it is needed', () => {
    const never = (): string => {
      throw new Error('made');
    };
    expect(() => check(true, never)).not.toThrow();
    expect(() => check(false, 'size is 0')).toThrow(new AppError('invalid-argument', 'size is 0'));
    expect(() => check(false, () => 'size is 0')).toThrow(
      expect.objectContaining({ kind: 'invalid-argument', message: 'size is 0' }),
    );
  });

  it('of our own code are broken invariants', () => {
    expect(() => assert(true, 'never')).not.toThrow();
    expect(() => assert(false, 'two heads')).toThrow(
      expect.objectContaining({ kind: 'internal', message: 'Broken invariant: two heads' }),
    );
  });
});
