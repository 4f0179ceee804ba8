import { createHash } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Connection } from '../../clients/shared/connection.js';
import { encodeModel } from '../../src/nn/model-file.js';
import { GRPCInferenceServiceDefinition } from '../../src/proto/inference/grpc_service.js';
import {
  FinishReason,
  GenerationServiceDefinition,
  type GenerateRequest,
  type GenerateResponse,
} from '../../src/proto/tengen/v1/generation.js';
import { ModelServiceDefinition } from '../../src/proto/tengen/v1/model.js';
import { tinyModel } from '../support/served-models.js';
import { makeDataDir, removeDataDir, startServerProcess, type ServerProcess } from '../support/start-server.js';
import { tinyLanguageModel } from '../support/tiny-language-model.js';

const tengen = join(import.meta.dirname, '../../dist/clients/cli/main.js');
let dataDir: string;
let server: ServerProcess;
let connection: Connection;

beforeAll(async () => {
  dataDir = makeDataDir();
  server = await startServerProcess(dataDir);
  connection = server.connect();
  await upload('speaker', encodeModel(tinyLanguageModel(1, 512)));
  await upload('player', tinyModel(5, 1));
});
afterAll(async () => {
  await server.kill();
  removeDataDir(dataDir);
});

async function upload(name: string, chunk: Uint8Array): Promise<void> {
  const messages = async function* () {
    const sha256 = createHash('sha256').update(chunk).digest('hex');
    yield await Promise.resolve({ name, sha256, sizeBytes: chunk.length, promote: true, chunk });
  };
  await connection.client(ModelServiceDefinition).uploadModel(messages());
}

type Asked = Partial<GenerateRequest>;

async function generate(asked: Asked, signal?: AbortSignal): Promise<GenerateResponse[]> {
  const answers: GenerateResponse[] = [];
  const request = { model: 'speaker', prompt: { $case: 'text' as const, value: 'Once' }, temperature: 0, ...asked };
  const client = connection.client(GenerationServiceDefinition);
  for await (const answer of client.generate(request, { ...(signal && { signal }) })) answers.push(answer);
  return answers;
}

const textOf = (answers: readonly GenerateResponse[]): string => answers.map(({ text }) => text).join('');
const tokensOf = (answers: readonly GenerateResponse[]): number[] => answers.flatMap(({ tokens }) => tokens);

describe('generation', () => {
  it('comes token by token, with probabilities and the reason of its end', async () => {
    const answers = await generate({ maxTokens: 9 });
    expect(answers).toHaveLength(9);
    expect(tokensOf(answers)).toHaveLength(9);
    expect(answers.every(({ logProbabilities: [p] }) => p! <= 0 && p! > -20)).toBe(true);
    expect(answers.map(({ finishReason }) => finishReason)).toEqual([
      ...Array<number>(8).fill(FinishReason.UNSPECIFIED),
      FinishReason.LENGTH,
    ]);
    expect(answers[0]).toMatchObject({ promptTokens: 4, modelVersion: expect.stringMatching(/^speaker@/) as string });
  });

  it('is the same for many callers at once as for each alone', async () => {
    const prompts = Array.from({ length: 12 }, (_, i) => 'prompt '.repeat(1 + i) + String(i));
    const ask = (value: string) => generate({ prompt: { $case: 'text', value }, maxTokens: 20 });
    const together = await Promise.all(prompts.map(ask));
    for (const [i, prompt] of prompts.entries()) expect(tokensOf(together[i]!)).toEqual(tokensOf(await ask(prompt)));
  });

  it('gives several completions of one prompt, repeated by the seed', async () => {
    const asked = { completions: 3, maxTokens: 8, temperature: 1, seed: 4 };
    const of = (answers: GenerateResponse[], n: number) =>
      tokensOf(answers.filter(({ completion }) => completion === n));
    const [first, again] = [await generate(asked), await generate(asked)];
    const completions = [0, 1, 2].map((n) => of(first, n));
    expect([0, 1, 2].map((n) => of(again, n))).toEqual(completions);
    expect(new Set(completions.map((one) => one.join())).size).toBe(3);
  });

  it('ends before a stop text that begins in the middle', async () => {
    const free = await generate({ prompt: { $case: 'text', value: 'a' }, maxTokens: 60, temperature: 1, seed: 3 });
    const text = textOf(free);
    const stop = text.slice(20, 23);
    const answers = await generate({
      prompt: { $case: 'text', value: 'a' },
      maxTokens: 60,
      temperature: 1,
      seed: 3,
      stop: [stop],
    });
    expect(textOf(answers)).toBe(text.slice(0, text.indexOf(stop)));
    expect(answers.at(-1)!.finishReason).toBe(FinishReason.STOP);
  });

  it('answers a conversation', async () => {
    const messages = [{ role: 'user', content: 'Who are you?' }];
    const answers = await generate({ prompt: { $case: 'conversation', value: { messages } }, maxTokens: 4 });
    expect(answers[0]!.promptTokens).toBeGreaterThan('Who are you?'.length);
  });

  it('stops when its caller goes, and goes on for others', async () => {
    const gone = new AbortController();
    const client = connection.client(GenerationServiceDefinition);
    const request = { model: 'speaker', prompt: { $case: 'text' as const, value: 'x' }, maxTokens: 500 };
    const cancelled = (async () => {
      for await (const { tokens } of client.generate(request, { signal: gone.signal })) if (tokens.length) gone.abort();
    })();
    await expect(cancelled).rejects.toThrow();
    expect(tokensOf(await generate({ maxTokens: 5 }))).toHaveLength(5);
  });

  it.each<[Asked, string]>([
    [{ model: 'nobody' }, "There is no model 'nobody'"],
    [{ model: 'player' }, 'The model is a Go network; wanted is a language model'],
    [{ prompt: undefined }, 'There is no prompt; it must be text, tokens or a conversation'],
    [{ prompt: { $case: 'text', value: '' } }, 'The prompt is empty'],
    [{ prompt: { $case: 'text', value: 'x'.repeat(600) } }, 'together at most 512 fit'],
    [{ temperature: 11 }, 'temperature is 11; it must be from 0 to 10'],
    [{ topP: 2 }, 'top_p is 2; it must be above 0 and at most 1'],
    [{ completions: 65 }, 'completions is 65; it must be at most 64'],
  ])('refuses %j', async (asked, message) => {
    await expect(generate(asked)).rejects.toThrow(message);
  });

  it('is a command', () => {
    const args = [tengen, 'generate', 'Once', '--model', 'speaker', '--max-tokens', '6', '--temperature', '0'];
    const { status, stdout } = spawnSync(process.execPath, [...args, '--json', '--address', server.address], {
      encoding: 'utf8',
    });
    expect(status).toBe(0);
    expect(stdout.trim().split('\n')).toHaveLength(6);
  });
});

describe('the Open Inference Protocol', () => {
  it('gives the logits of tokens', async () => {
    const inference = connection.client(GRPCInferenceServiceDefinition);
    const { inputs, outputs } = await inference.modelMetadata({ name: 'speaker' });
    expect(inputs).toEqual([{ name: 'tokens', datatype: 'INT64', shape: [-1n] }]);
    expect(outputs).toEqual([{ name: 'logits', datatype: 'FP32', shape: [-1n, 259n] }]);
    const { ids } = await connection.client(GenerationServiceDefinition).tokenize({ model: 'speaker', text: 'Once' });
    const raw = new Uint8Array(BigInt64Array.from(ids, BigInt).buffer);
    const answer = await inference.modelInfer({
      modelName: 'speaker',
      inputs: [{ name: 'tokens', datatype: 'INT64', shape: [BigInt(ids.length)] }],
      rawInputContents: [raw],
    });
    expect(answer.outputs[0]!.shape).toEqual([4n, 259n]);
    const logits = new Float32Array(Uint8Array.from(answer.rawOutputContents[0]!).buffer).slice(-259);
    const [first] = await generate({ maxTokens: 1 });
    expect(logits.indexOf(Math.max(...logits))).toBe(first!.tokens[0]);
  });
});
