import { describe, expect, it } from 'vitest';
import {
  choice,
  describeAllowed,
  flag,
  flagName,
  integer,
  nearest,
  number,
  readConfig,
  text,
} from '../../../src/core/config.js';

const schema = {
  games: integer(8, 1, 100, 'Games at a time.'),
  share: number(0.25, 0, 1, 'Share of them.'),
  name: text('net', 'What they are called.'),
  quiet: flag(false, 'Whether to say nothing.'),
  level: choice('info', ['info', 'warn'], 'How much to say.'),
};

describe('settings', () => {
  it('have their defaults where nothing is said, as if undefined were said', () => {
    const defaults = { games: 8, share: 0.25, name: 'net', quiet: false, level: 'info' };
    expect(readConfig(schema, {})).toEqual(defaults);
    expect(readConfig(schema, { games: undefined, name: undefined })).toEqual(defaults);
  });

  it('are read from values and from texts alike', () => {
    const values = { games: 100, share: 1, name: 'a', quiet: true, level: 'warn' };
    expect(readConfig(schema, values)).toEqual(values);
    expect(readConfig(schema, { games: ' 100 ', share: '1e0', name: 'a', quiet: 'true', level: 'warn' })).toEqual(
      values,
    );
    expect(readConfig(schema, { quiet: 'false', name: '' })).toMatchObject({ quiet: false, name: '' });
  });

  it.each([
    [{ games: 0 }, "Setting 'games' is 0; it must be a whole number from 1 to 100"],
    [{ games: '7.5' }, 'Setting \'games\' is "7.5"; it must be a whole number from 1 to 100'],
    [{ games: '' }, 'Setting \'games\' is ""; it must be a whole number from 1 to 100'],
    [{ games: NaN }, "Setting 'games' is"],
    [{ games: null }, "Setting 'games' is null"],
    [{ share: 1.5 }, "Setting 'share' is 1.5; it must be a number from 0 to 1"],
    [{ share: '0x' }, 'Setting \'share\' is "0x"'],
    [{ name: 7 }, "Setting 'name' is 7; it must be text"],
    [{ quiet: 1 }, "Setting 'quiet' is 1; it must be true or false"],
    [{ quiet: 'yes' }, 'Setting \'quiet\' is "yes"; it must be true or false'],
    [{ level: 'loud' }, 'Setting \'level\' is "loud"; it must be one of info, warn'],
    [{ gamse: 3 }, "Unknown setting 'gamse'; did you mean 'games'?"],
    [{ toString: 3 }, "Unknown setting 'toString'"],
  ])('%j is refused with what is allowed', (input, message) => {
    expect(() => readConfig(schema, input)).toThrow(expect.objectContaining({ kind: 'invalid-argument' }));
    expect(() => readConfig(schema, input)).toThrow(message);
  });

  it('say what they allow, and are flags in lower case', () => {
    expect(Object.values(schema).map(describeAllowed)).toEqual([
      'a whole number from 1 to 100',
      'a number from 0 to 1',
      'text',
      'true or false',
      'one of info, warn',
    ]);
    expect([flagName('games'), flagName('maxMessageBytes')]).toEqual(['games', 'max-message-bytes']);
  });
});

describe('the nearest name', () => {
  it('needs the fewest letters changed, in any case; the first of several', () => {
    const names = ['port', 'host', 'pagePort'];
    expect(['prot', 'HOST', 'pageport', 'zzzz'].map((word) => nearest(word, names))).toEqual([
      'port',
      'host',
      'pagePort',
      'port',
    ]);
    expect(nearest('x', [])).toBe('');
  });

  it('is found at once for a word of megabytes', () => {
    expect(nearest('h'.repeat(4_000_000), ['port', 'host'])).toBe('host');
  });
});
