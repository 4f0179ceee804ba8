import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { countFromWire, seedFromWire, sequenceFromWire } from '../../../src/wire/whole-numbers.js';

const last = 2n ** 64n - 1n;

describe('64-bit numbers', () => {
  it('are numbers as seeds where that is exact, and stay whole beyond', () => {
    expect([0n, 7n, 2n ** 53n - 1n].map(seedFromWire)).toEqual([0, 7, 2 ** 53 - 1]);
    expect([2n ** 53n, 2n ** 53n + 1n, last].map(seedFromWire)).toEqual([2n ** 53n, 2n ** 53n + 1n, last]);
  });

  it('are places behind everything where they are beyond all places', () => {
    expect([0n, 5n, last].map(sequenceFromWire)).toEqual([0, 5, Number.MAX_SAFE_INTEGER]);
  });

  it('are refused as counts beyond what a count can be, with all their digits', () => {
    expect(countFromWire('bytes', 2n ** 53n - 1n)).toBe(2 ** 53 - 1);
    expect(() => countFromWire('bytes', last)).toThrow(
      'bytes is 18446744073709551615; it must be from 0 to 9007199254740991',
    );
    expect(() => countFromWire('time_ms', -1n, 100, 1)).toThrow('time_ms is -1; it must be from 1 to 100');
  });
});

/** The decoder of a number refuses what is beyond 2⁵³ without naming the field, so no request may have one. */
describe('the contract', () => {
  it('has JS_NUMBER only where the server speaks', () => {
    const folder = join(import.meta.dirname, '../../../proto');
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.proto'));
    const bodies = new Map<string, string>();
    const asked = new Set<string>();
    for (const file of files) {
      const text = readFileSync(join(folder, file), 'utf8');
      for (const [, name, body] of text.matchAll(/^message (\w+) \{(\}|[\s\S]*?^\})/gm)) bodies.set(name!, body!);
      for (const [, request] of text.matchAll(/rpc \w+\((?:stream )?([\w.]+)\)/g)) asked.add(request!);
    }
    // A set that grows while it is walked: the messages in requests, and those in them.
    for (const name of asked) {
      const fields = (bodies.get(name) ?? '').replaceAll(/\/\/.*/g, '').matchAll(/([\w.]+)>? \w+ = \d/g);
      for (const [, type] of fields) asked.add(type!);
    }
    expect(asked.size).toBeGreaterThan(40);
    // The length of an upload: no file has more than 2^53 bytes, and a message that says so is refused as unreadable.
    const lengths = /uint64 size_bytes = \d+ \[jstype = JS_NUMBER\]/g;
    const wide = [...asked].filter((name) => bodies.get(name)?.replaceAll(lengths, '').includes('JS_NUMBER'));
    expect(wide).toEqual([]);
  });
});
