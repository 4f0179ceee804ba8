import { describe, expect, it } from 'vitest';
import { TextStream } from '../../../src/generator/text-stream.js';
import { byteTokenizer } from '../../../src/text/bytes.js';

function stream(text: string, stops: readonly string[] = []): { pieces: string[]; isStopped: boolean } {
  const out = new TextStream(byteTokenizer, stops);
  const pieces: string[] = [];
  for (const token of byteTokenizer.encode(text)) {
    pieces.push(out.push(token));
    if (out.isStopped) break;
  }
  return { pieces: [...pieces, out.end()], isStopped: out.isStopped };
}

describe('a stream of text', () => {
  it('gives out whole characters only', () => {
    expect(stream('aé天').pieces).toEqual(['a', '', 'é', '', '', '天', '']);
  });

  it('gives what is left at the end, also half a character', () => {
    const out = new TextStream(byteTokenizer);
    expect(out.push(0xe5)).toBe('');
    expect(out.end()).toBe('\uFFFD');
  });

  it('ends before a stop text, wherever its tokens begin', () => {
    expect(stream('one. STOP two', [' STOP'])).toMatchObject({ isStopped: true });
    expect(stream('one. STOP two', [' STOP', 'two']).pieces.join('')).toBe('one.');
  });

  it('holds back what may begin a stop text, and no longer than that', () => {
    expect(stream('a##b##', ['###']).pieces).toEqual(['a', '', '', '##b', '', '', '##']);
  });

  it('gives out long texts whole', () => {
    const text = Array.from({ length: 300 }, (_, i) => `word${i}`).join(' ');
    expect(stream(text, ['never']).pieces.join('')).toBe(text);
  });
});
