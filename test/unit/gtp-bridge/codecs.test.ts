import { describe, expect, it } from 'vitest';
import { parseCommand, preprocess } from '../../../clients/gtp-bridge/command.js';
import { formatResponse } from '../../../clients/gtp-bridge/response.js';
import { refusalText } from '../../../clients/gtp-bridge/refusal.js';
import { AppError } from '../../../src/core/errors.js';

describe('a GTP line', () => {
  it('loses control characters, comments and surrounding space, and tabs become spaces', () => {
    expect(preprocess('\u0001 pl\u0007ay\tb D4\r # a comment')).toBe('play b D4');
  });

  it('is a command with an id only if it starts with digits', () => {
    expect(parseCommand('12 play b D4\r')).toEqual({ id: '12', name: 'play', args: ['b', 'D4'] });
    expect(parseCommand('play b D4')).toEqual({ id: '', name: 'play', args: ['b', 'D4'] });
    expect(parseCommand('12x')).toEqual({ id: '', name: '12x', args: [] });
  });

  it('is no command if nothing but space and a comment is on it', () => {
    for (const line of ['', '   ', '\t\r', '# play b D4', ' \u0000\u001b ']) expect(parseCommand(line)).toBeUndefined();
  });

  it('that holds nothing but an id is a command without a name', () => {
    expect(parseCommand('7')).toEqual({ id: '7', name: '', args: [] });
  });
});

describe('a GTP reply', () => {
  it('echoes the id and ends in two line feeds', () => {
    expect(formatResponse({ id: '3' }, { ok: true, text: 'D4' })).toBe('=3 D4\n\n');
    expect(formatResponse({ id: '' }, { ok: false, text: 'illegal move' })).toBe('? illegal move\n\n');
    expect(formatResponse({ id: '' }, { ok: true, text: '' })).toBe('=\n\n');
  });

  it('holds no empty line before its end, as the reader would stop there', () => {
    expect(formatResponse({ id: '' }, { ok: true, text: '\na\n\n \nb\r\n\n' })).toBe('=\na\nb\n\n');
  });
});

describe('an error', () => {
  it('is said in one line, and an outage says what is out', () => {
    expect(refusalText(new AppError('unavailable', 'No connection\nestablished'))).toBe(
      'cannot reach the server: No connection established',
    );
    expect(refusalText(new TypeError('x is undefined'))).toBe('internal error: x is undefined');
  });
});
