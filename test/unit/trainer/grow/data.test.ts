import { describe, expect, it } from 'vitest';

import { Rng } from '../../../../src/core/rng.js';
import { onnxRuntimeEngine } from '../../../../src/engine/onnxruntime/engine.js';
import { decodeAnyModel, encodeModel } from '../../../../src/nn/model-file.js';
import type { Architecture } from '../../../../src/nn/networks/architecture.js';
import { initialWeights } from '../../../../src/nn/networks/go-network.js';
import { byteTokenizer } from '../../../../src/text/bytes.js';
import type { Tokenizer } from '../../../../src/text/tokenizer.js';
import { readAlphaZeroConfig } from '../../../../src/trainer/alphazero/config.js';
import type { StoredGame } from '../../../../src/trainer/go-data/stored-game.js';
import { architectureOf } from '../../../../src/trainer/alphazero/trainer.js';
import { operatorOf, readGrowConfig } from '../../../../src/trainer/grow/config.js';
import { readGoTask } from '../../../../src/trainer/grow/go-window.js';
import { type LanguageDataOptions, readLanguageRows, taskOfRows } from '../../../../src/trainer/grow/language-data.js';
import type { SelfPlayGames } from '../../../../src/trainer/grow/go-window.js';
import { readSubject } from '../../../../src/trainer/grow/subject.js';
import { goTarget, transformerTarget } from '../../../../src/trainer/growth/target.js';
import { growNetwork } from '../../../../src/trainer/growth/train-operator.js';
import { memoryDatasets, noGames } from '../../../support/job-ports.js';
import { randomGame } from '../../../support/random-games.js';
import { endlessLanguageModel, endlessText, tinyLanguageModel } from '../../../support/tiny-language-model.js';

function played(count: number, settings: object = {}): SelfPlayGames {
  const records = Array.from({ length: count }, (_, i) => randomGame({ size: 5, seed: i + 1, moves: 10 }));
  const games = records.map((record, i) => ({ sequence: i + 1, record, positions: record.searches.length }));
  return {
    jobId: 'alphazero-1',
    config: readAlphaZeroConfig({ size: 5, ...settings }),
    positions: games.reduce((sum, { positions }) => sum + positions, 0),
    // eslint-disable-next-line @typescript-eslint/require-await -- a stream of what is there already
    async *games(): AsyncGenerator<StoredGame & { positions: number }> {
      yield* games;
    },
  };
}

const go = architectureOf(readAlphaZeroConfig({ size: 5, blocks: 2, channels: 8 })) as Architecture;

describe('the games that a Go network is grown on', () => {
  it('are split, and a step has the same batch whenever it is asked for', async () => {
    const { task, figures } = await readGoTask(played(30), go, readGrowConfig({ batchSize: 4, evaluationBatches: 3 }));
    expect(figures).toEqual({ games: 27, evaluationGames: 3, positions: 270 });
    expect(task.heldOut).toHaveLength(3);
    expect(task.batch(7)).toEqual(task.batch(7));
    expect(task.batch(8)).not.toEqual(task.batch(7));
  });

  it("are those of the job's window", async () => {
    const window = { windowMin: 100, windowExponent: 0, windowScale: 0 };
    const { figures } = await readGoTask(played(30, window), go, readGrowConfig({ evaluationShare: 0.2 }));
    expect(figures).toEqual({ games: 8, evaluationGames: 2, positions: 80 });
  });

  it('are refused if they are too few, or of another size', async () => {
    const config = readGrowConfig({});
    await expect(readGoTask(played(9), go, config)).rejects.toThrow(
      /replay window has 9 games; at least 10 are needed/,
    );
    await expect(readGoTask(played(30), { ...go, size: 7 }, config)).rejects.toThrow(/are of size 5; .* for size 7/);
  });
});

describe("a network of KataGo's kind", () => {
  it('is grown on its window, and what it says stays', async () => {
    const settings = { network: 'katago', blocks: 2, channels: 8 };
    const architecture = architectureOf(readAlphaZeroConfig({ size: 5, ...settings }));
    const model = { architecture, weights: initialWeights(architecture, new Rng(1)), metadata: {} };
    const config = readGrowConfig({ blocks: 3, channels: 16, batchSize: 4, evaluationBatches: 2 });
    const job = played(30, settings);
    const games = { played: () => Promise.resolve(job), after: () => job.games() };
    const subject = await readSubject(model, config, { games, datasets: memoryDatasets(() => '') }, 'go');
    const growth = { ...subject, settings: operatorOf(config), seed: 1, steps: 0, learningRate: 0.001 };
    const { weights, report } = await growNetwork(onnxRuntimeEngine(), growth);
    expect(report.loss).toBeCloseTo(report.sourceLoss, 4);
    const grown = decodeAnyModel(encodeModel({ architecture: subject.target, weights, metadata: {} }));
    expect(grown.architecture).toMatchObject({ kind: 'katago', channels: 16 });
  });
});

describe('the samples that a language model is grown on', () => {
  const shape = { rows: 2, length: 8 };
  const options = { dataset: 'd', shape, seed: 1, evaluationShare: 0.25, evaluationBatches: 100 };
  const readLanguageTask = (file: Uint8Array, tokenizer: Tokenizer, of: LanguageDataOptions) => {
    const rows = readLanguageRows(file, tokenizer, of);
    return { task: taskOfRows(rows, of), figures: rows.figures };
  };
  const bytesOf = (lines: readonly object[]): Uint8Array =>
    new TextEncoder().encode(lines.map((line) => JSON.stringify(line)).join('\n'));

  it('are cut into rows in which every token that counts is predicted once', () => {
    const lines = Array.from({ length: 40 }, () => ({ text: 'abcdefghijklmnopqrst' }));
    const { task, figures } = readLanguageTask(bytesOf(lines), byteTokenizer, options);
    expect(figures).toEqual({ samples: 30, evaluationSamples: 10, malformedLines: 0 });
    const sum = (of: ArrayLike<number | bigint>): number => Array.from(of, Number).reduce((a, b) => a + b, 0);
    const counted = task.heldOut.map((batch) => sum(batch['weights']!.data));
    // Twenty letters and the end, the first of which nothing predicts.
    expect(sum(counted)).toBe(10 * 20);
    expect(task.batch(3)).toEqual(task.batch(3));
  });

  it('count only where the sample says so', () => {
    const lines = Array.from({ length: 8 }, () => ({ prompt: 'abcdefghijkl', completion: 'yz' }));
    const { task } = readLanguageTask(bytesOf(lines), byteTokenizer, options);
    const { targets, weights } = task.heldOut[0]!;
    const learnt = [...(targets!.data as Float32Array)].filter((_, i) => Number(weights!.data[i]) > 0);
    expect(new Set(learnt)).toEqual(new Set([...byteTokenizer.encode('yz'), byteTokenizer.endOfText]));
  });

  it('are refused if there is but one', () => {
    const one = bytesOf([{ text: 'abc' }, { nothing: 1 }]);
    expect(() => readLanguageTask(one, byteTokenizer, options)).toThrow(
      /has 1 samples; at least 2 .* Line 2: it has none/,
    );
  });
});

describe('samples that a vocabulary never makes into tokens', () => {
  it('are given up', async () => {
    const left = new AbortController();
    const sources = {
      datasets: memoryDatasets(() => JSON.stringify({ text: endlessText })),
      games: noGames,
      signal: left.signal,
    };
    const config = readGrowConfig({ dataset: 'd', layers: 3 });
    const reading = expect(readSubject(endlessLanguageModel(), config, sources, 'words')).rejects.toMatchObject({
      kind: 'cancelled',
    });
    await new Promise((resolve) => setTimeout(resolve));
    left.abort();
    await reading;
  });
});

describe('the sizes to grow to', () => {
  const sizes = readGrowConfig({});

  it('follow the width where they are not given', () => {
    const { architecture } = tinyLanguageModel();
    const grown = transformerTarget(architecture, { ...sizes, hidden: 48, keyValueHeads: 4 });
    expect(grown).toMatchObject({ hidden: 48, heads: 12, keyValueHeads: 4, intermediate: 72, layers: 2 });
    expect(goTarget(go, { ...sizes, channels: 12 })).toEqual({ ...go, channels: 12 });
  });

  it('are refused if they do not fit or nothing grows', () => {
    const { architecture } = tinyLanguageModel();
    expect(() => transformerTarget(architecture, { ...sizes, hidden: 20 })).toThrow(/'keyValueHeads' must be given/);
    expect(() => transformerTarget(architecture, { ...sizes, blocks: 3 })).toThrow(/'blocks' is 3; it must be 0/);
    expect(() => goTarget(go, { ...sizes, hidden: 16 })).toThrow(/'hidden' is 16; it must be 0/);
    expect(() => goTarget(go, sizes)).toThrow(/Nothing grows/);
  });
});
