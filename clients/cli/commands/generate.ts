/** `tengen generate`: text from a language model of the server, as it comes. */

import { text as readAll } from 'node:stream/consumers';
import { check } from '../../../src/core/errors.js';
import { FinishReason, GenerationServiceDefinition } from '../../../src/proto/tengen/v1/generation.js';
import { Connection } from '../../shared/connection.js';
import { command, connectionFlags, jsonFlag } from '../command.js';

function number(name: string, value: string): number {
  const read = Number(value);
  check(
    value.trim() !== '' && Number.isFinite(read) && read >= 0,
    () => `--${name} is '${value}'; it must be a number`,
  );
  return read;
}

export const generateCommand = command({
  name: 'generate',
  usage: '[PROMPT]',
  summary: 'continue a prompt with a language model; without PROMPT the prompt is read from standard input',
  flags: {
    ...connectionFlags,
    ...jsonFlag,
    model: {
      type: 'string',
      default: '',
      value: 'MODEL',
      doc: 'language model, NAME or NAME@VERSION; without --model, the default model of the server',
    },
    chat: {
      type: 'boolean',
      default: false,
      doc: 'send the prompt as a user message of a chat, which the model answers',
    },
    'max-tokens': { type: 'string', default: '256', value: 'NUMBER', doc: 'most tokens of the text' },
    temperature: {
      type: 'string',
      default: '1',
      value: 'NUMBER',
      doc: 'temperature of sampling; 0 takes the likeliest token',
    },
    'top-p': {
      type: 'string',
      default: '1',
      value: 'NUMBER',
      doc: 'draw from the likeliest tokens that together have this share of the probability',
    },
    stop: { type: 'string', multiple: true, value: 'TEXT', doc: 'end before this text occurs; may be repeated' },
    seed: { type: 'string', default: '0', value: 'NUMBER', doc: 'seed of sampling; equal seeds give equal texts' },
  },
  async run({ flags, args, signal }) {
    const prompt = args.length > 0 ? args.join(' ') : await readAll(process.stdin);
    const messages = [{ role: 'user', content: prompt }];
    const answers = new Connection(flags).client(GenerationServiceDefinition).generate(
      {
        model: flags.model,
        prompt: flags.chat ? { $case: 'conversation', value: { messages } } : { $case: 'text', value: prompt },
        maxTokens: number('max-tokens', flags['max-tokens']),
        temperature: number('temperature', flags.temperature),
        topP: number('top-p', flags['top-p']),
        stop: [...flags.stop],
        seed: number('seed', flags.seed),
      },
      { signal },
    );
    for await (const answer of answers) {
      if (flags.json) process.stdout.write(`${JSON.stringify(answer)}\n`);
      else process.stdout.write(answer.text);
      if (!flags.json && answer.finishReason !== FinishReason.UNSPECIFIED) process.stdout.write('\n');
    }
    return 0;
  },
});
