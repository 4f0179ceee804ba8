import { expect, it, vi } from 'vitest';
import { isMissing, skipWithout } from '../../support/needs.js';

const skip = (why: string): never => {
  throw new Error(`skips: ${why}`);
};

it('what is missing is skipped with a word, and what is there is not', () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
  expect(isMissing('gnugo', true, {})).toBe(false);
  expect(warn).not.toHaveBeenCalled();
  expect(isMissing('gnugo', false, { TENGEN_TEST_REQUIRE: 'grpc' })).toBe(true);
  expect(warn.mock.lastCall).toEqual(['skipped: gnugo is not installed (apt install gnugo)']);
  expect(() => skipWithout('mount', skip, {})).toThrow('skips: mounting a disk is not permitted here');
  warn.mockRestore();
});

it('what is missing and required fails, and so does a name that nothing has', () => {
  const env = { TENGEN_TEST_REQUIRE: 'grpc,mount' };
  const message = "TENGEN_TEST_REQUIRE names 'mount', and mounting a disk is not permitted here";
  expect(() => skipWithout('mount', skip, env)).toThrow(message);
  expect(() => isMissing('mount', false, env)).toThrow(message);
  expect(isMissing('mount', true, env)).toBe(false);
  expect(() => isMissing('gnugo', true, { TENGEN_TEST_REQUIRE: 'gnu-go' })).toThrow(
    "TENGEN_TEST_REQUIRE names 'gnu-go'; known are chromium, collections, gnugo, grpc",
  );
});
