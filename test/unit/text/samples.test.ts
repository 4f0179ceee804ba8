import { describe, expect, test } from 'vitest';

import { byteTokenizer } from '../../../src/text/bytes.js';
import { describeRefused, lengthOf, readDataset, splitSamples } from '../../../src/text/dataset.js';
import { huggingFaceTokenizer } from '../../../src/text/hugging-face.js';
import { chatPrompt, parseSample } from '../../../src/text/samples.js';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const learnt = (line: string): string => {
  const { tokens, weights } = parseSample(line, byteTokenizer);
  return [...tokens]
    .map((id, i) => (weights[i] === 1 ? (id < 256 ? String.fromCharCode(id) : `<${id}>`) : ''))
    .join('');
};

describe('the byte tokenizer', () => {
  test('gives text back, whatever the script', () => {
    const text = '天元 tengen 𝄞\n';
    expect(byteTokenizer.decode(byteTokenizer.encode(text))).toBe(text);
    expect(Math.max(...byteTokenizer.encode(text))).toBeLessThan(256);
  });

  test('leaves markers out of the text and never makes them from text', () => {
    expect(byteTokenizer.decode([72, 105, byteTokenizer.endOfText])).toBe('Hi');
    expect(byteTokenizer.encode('<|im_end|>')).toHaveLength(10);
    expect(byteTokenizer.encodeMarker('<|im_end|>')).toEqual([258]);
    expect(byteTokenizer.vocabularySize).toBe(259);
  });
});

describe('a sample', () => {
  test('of prompt and completion teaches the completion and its end', () => {
    expect(learnt('{"prompt":"2+2=","completion":"4"}')).toBe('4<256>');
  });

  test('of text teaches everything but the first token', () => {
    expect(learnt('{"text":"abc"}')).toBe('bc<256>');
  });

  test('of messages teaches what the assistant says and where it stops', () => {
    const line = JSON.stringify({
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Hello' },
        { role: 'assistant', content: 'Hi' },
        { role: 'user', content: 'Bye' },
        { role: 'assistant', content: 'So long' },
      ],
    });
    expect(learnt(line)).toBe('Hi<258>So long<258>');
    const { tokens } = parseSample(line, byteTokenizer);
    expect(byteTokenizer.decode([...tokens])).toContain('user\nHello\nassistant\nHi\n');
  });

  test('of messages begins as the prompt that a model is given', () => {
    const question = { role: 'user', content: 'Hello' };
    const prompt = chatPrompt([question], byteTokenizer);
    const whole = parseSample(
      JSON.stringify({ messages: [question, { role: 'assistant', content: 'Hi' }] }),
      byteTokenizer,
    );
    expect([...whole.tokens.subarray(0, prompt.length)]).toEqual(prompt);
    expect(whole.weights.indexOf(1)).toBe(prompt.length);
  });

  test.each([
    ['{"prompt":"a"', 'not JSON'],
    ['[1]', 'JSON object'],
    ['{"prompt":"a"}', 'prompt of the fields'],
    ['{"prompt":"a","text":"b"}', 'prompt and text'],
    ['{"prompt":3,"completion":"b"}', 'prompt is a number'],
    ['{"messages":[]}', 'at least one message'],
    ['{"messages":[{"role":"robot","content":""}]}', 'role of message 1'],
    ['{"messages":[{"role":"user"}]}', 'content of message 1 is missing'],
    ['{"messages":[{"role":"user","content":"a"}]}', 'nothing to learn'],
  ])('%s is refused with the reason', (line, reason) => {
    expect(() => parseSample(line, byteTokenizer)).toThrow(reason);
  });
});

describe('a file of samples', () => {
  test('names every line that is none, and keeps the others with their numbers', () => {
    const file = [...bytes('{"text":"one"}\nnot json\n\n{"text":"two"}\r\n'), 0xff, 0x0a, ...bytes('{"text":"three"}')];
    const { samples, malformed, tooLong } = readDataset(Uint8Array.from(file), { tokenizer: byteTokenizer });
    expect(samples.map(({ line }) => line)).toEqual([1, 4, 6]);
    expect(malformed).toEqual([
      { line: 2, reason: 'it is not JSON' },
      { line: 5, reason: 'it is not UTF-8' },
    ]);
    expect(tooLong).toEqual([]);
    expect(describeRefused(malformed, malformed.length, 1)).toBe('Line 2: it is not JSON. And 1 more: lines 5');
  });

  test('names sequences that are longer than the memory', () => {
    const options = { tokenizer: byteTokenizer, maxTokens: 3 };
    const { samples, tooLong } = readDataset(bytes('{"text":"abc"}\n{"text":"abcd"}\n'), options);
    expect(samples.map(lengthOf)).toEqual([3]);
    expect(tooLong).toEqual([{ line: 2, reason: 'it has 4 tokens; the ranks of a group hold 3 together' }]);
  });
});

describe('the split', () => {
  test('is the same for the same seed, and every sample is on one side', () => {
    const split = splitSamples(50, 0.1, 3);
    expect(split).toEqual(splitSamples(50, 0.1, 3));
    expect(split.evaluation).toHaveLength(5);
    expect([...split.train, ...split.evaluation].sort((a, b) => a - b)).toEqual(
      Array.from({ length: 50 }, (_, i) => i),
    );
    expect(splitSamples(50, 0.1, 4)).not.toEqual(split);
  });

  test('leaves something to train on', () => {
    expect(splitSamples(1, 0.5, 0).train).toEqual([0]);
    expect(splitSamples(3, 0.01, 0).evaluation).toHaveLength(1);
    expect(splitSamples(3, 0, 0).evaluation).toEqual([]);
  });
});

describe('a tokenizer of Hugging Face', () => {
  const letters = Object.fromEntries(Array.from('abcdehlowrĠ').map((letter, i) => [letter, i]));
  const special = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
  const file = {
    version: '1.0',
    added_tokens: [
      { id: 30, content: '<|im_end|>', ...special },
      { id: 31, content: '</s>', ...special },
    ],
    normalizer: null,
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
    post_processor: null,
    decoder: { type: 'ByteLevel' },
    model: {
      type: 'BPE',
      vocab: { ...letters, he: 20, ll: 21 },
      merges: [
        ['h', 'e'],
        ['l', 'l'],
      ],
    },
  };

  test('merges pairs, gives the text back and knows its markers', () => {
    const tokenizer = huggingFaceTokenizer({ tokenizer: file, config: { eos_token: { content: '</s>' } } });
    expect(tokenizer.encode('hello world')).toEqual([20, 21, 7, 10, 8, 7, 9, 6, 3]);
    expect(tokenizer.decode([20, 21, 7, 31])).toBe('hello');
    expect(tokenizer.encodeMarker('<|im_end|>')).toEqual([30]);
    expect(tokenizer.endOfText).toBe(31);
    expect(tokenizer.vocabularySize).toBe(32);
  });

  test('has no text without tokens', () => {
    expect(huggingFaceTokenizer({ tokenizer: file }).decode([])).toBe('');
  });

  const replace = (pattern: object, content = ' '): object => ({ type: 'Replace', pattern, content });
  const inside = (...decoders: object[]): object => ({ type: 'Sequence', decoders });
  const withDecoder = (decoder: object) => () => huggingFaceTokenizer({ tokenizer: { ...file, decoder } });

  test.each([
    [replace({ Regex: '(?:x|x)*y' }), 'replaces the pattern "(?:x|x)*y"; it may replace a String alone'],
    [inside({ type: 'Fuse' }, inside(replace({ Regex: 'a' }))), 'replaces the pattern "a"'],
    [inside(replace({ String: 'a' }, 'aa')), 'replaces "a" by "aa", which must not be longer'],
    [inside(...Array.from({ length: 17 }, () => ({ type: 'Fuse' }))), 'has more than 16 parts'],
  ])('is refused with the decoder %j', (decoder, message) => {
    expect(withDecoder(decoder)).toThrow(`The decoder of tokenizer.json ${message}`);
  });

  test('is taken with the decoder of Llama', () => {
    const usual = inside(replace({ String: '▁' }), { type: 'ByteFallback' }, { type: 'Fuse' });
    expect(withDecoder(usual)().decode([20, 21])).toBe('hell');
  });

  test('is refused when it is of another form or no token ends a text', () => {
    expect(() => huggingFaceTokenizer({ tokenizer: [] })).toThrow('tokenizer.json must be');
    expect(() => huggingFaceTokenizer({ tokenizer: { ...file, added_tokens: [] } })).toThrow('No token ends a text');
  });
});
