import { describe, expect, it } from 'vitest';
import { parseTask, readTasks } from '../../../src/text/tasks.js';

describe('parseTask', () => {
  it('takes a prompt and its answer, with what else is known', () => {
    const line = '{"prompt":"1+1=","answer":"2","family":"add","level":1,"verifier":"numeric","more":0}';
    expect(parseTask(line)).toEqual({ prompt: '1+1=', answer: '2', family: 'add', level: 1, verifier: 'numeric' });
    expect(parseTask('{"prompt":"1+1=","answer":2}')).toEqual({ prompt: '1+1=', answer: '2' });
  });

  it('takes the result after #### of a line of GSM8K', () => {
    const line = JSON.stringify({ question: 'How many?', answer: '48/2 = <<48/2=24>>24\n#### 1,024' });
    expect(parseTask(line)).toEqual({ prompt: 'How many?', answer: '1024' });
  });

  it.each([
    ['{"prompt":"x"}', 'answer is missing'],
    ['{"prompt":"","answer":"1"}', 'the prompt is empty'],
    ['{"prompt":"x","answer":""}', 'the answer is empty'],
    ['{"prompt":"x","answer":["1"]}', 'answer is ["1"]; it must be a string'],
    ['{"question":"x","answer":"1"}', "the answer has no '####' before its result"],
    ['{"prompt":"x","answer":"1","level":"hard"}', 'level is "hard"; it must be a number'],
    ['[]', 'it must be a JSON object'],
    ['{', 'it is not JSON'],
  ])('refuses %s', (line, reason) => {
    expect(() => parseTask(line)).toThrow(reason);
  });
});

describe('readTasks', () => {
  it('numbers lines, the blank ones too, and names those that are no tasks', () => {
    const file = '{"prompt":"a","answer":"1"}\n\n{"prompt":"b"}\r\n{"prompt":"c","answer":"3"}\n';
    const { tasks, malformed } = readTasks(new TextEncoder().encode(file));
    expect(tasks.map(({ line, prompt }) => [line, prompt])).toEqual([
      [1, 'a'],
      [4, 'c'],
    ]);
    expect(malformed).toEqual([{ line: 3, reason: 'answer is missing; it must be a string' }]);
  });
});
