/** A byte-level language model on the Brown corpus. */

import { Rng } from '../../src/core/rng.js';
import { transformerGrowth } from '../../src/methods/growth/transformer-bundles.js';
import { checkTransformer, type TransformerConfiguration } from '../../src/nn/networks/transformer/configuration.js';
import { initialTransformer } from '../../src/nn/networks/transformer/parameters.js';
import { byteTokenizer } from '../../src/text/bytes.js';
import { languageCost, languageTask, type TokenRow } from '../../src/trainer/growth/language-task.js';
import { readCorpus } from './corpus.js';
import type { Subject, SubjectData } from './subject.js';

const SHAPE = { rows: 16, length: 64 };
const HELD_OUT = 24;
/** Batches by which operators are chosen: of the training text, in an order of their own. */
const CHOOSING = 4;

function sizes(layers: number, hidden: number): TransformerConfiguration {
  const heads = hidden / 16;
  return checkTransformer({
    kind: 'transformer',
    hidden,
    layers,
    heads,
    keyValueHeads: heads,
    headWidth: 16,
    intermediate: 3 * hidden,
    vocabulary: byteTokenizer.vocabularySize,
    context: 1024,
    ropeTheta: 10_000,
    normEpsilon: 1e-6,
    queryKeyValueBias: false,
    tiedHead: false,
  });
}

/**
 * The comparison of 2 layers of width 32 with 4 of width 64. `wide` doubles the widths; `long` trains four times as long, so
 * that the aim is beyond what the small network comes to.
 */
export function languageSubject(form: 'usual' | 'wide' | 'long' = 'usual'): Subject<TransformerConfiguration> {
  const width = form === 'wide' ? 64 : 32;
  const times = form === 'long' ? 4 : 1;
  return {
    name: form === 'long' ? 'language-32-long' : `language-${width}`,
    ...(form === 'long' && { ratesOf: 'language-32' }),
    small: sizes(2, width),
    shallow: sizes(2, 2 * width),
    target: sizes(4, 2 * width),
    lengths: { constant: { small: 3000, target: 2000 }, decay: { small: 1500 * times, target: 1000 * times } },
    learningRates: [0.0005, 0.001, 0.002, 0.004, 0.008],
    operatorSteps: 100,
    operatorRate: 0.001,
    initial: (architecture, seed) => initialTransformer(architecture, new Rng(seed)),
    plan: transformerGrowth,
    forwardCost: (architecture) => languageCost(architecture, SHAPE),
    data: () => Promise.resolve(readData()),
  };
}

function readData(): SubjectData<TransformerConfiguration> {
  const corpus = readCorpus();
  const rowOf = (blocks: readonly Uint8Array[], rng: Rng): TokenRow => {
    const block = blocks[rng.int(blocks.length)]!;
    const begin = rng.int(block.length - SHAPE.length);
    return { tokens: block.subarray(begin, begin + SHAPE.length + 1) };
  };
  const rowsOf = (blocks: readonly Uint8Array[], rng: Rng): TokenRow[] =>
    Array.from({ length: SHAPE.rows }, () => rowOf(blocks, rng));
  const batches = (count: number, blocks: readonly Uint8Array[], label: number): TokenRow[][] =>
    Array.from({ length: count }, (_, i) => rowsOf(blocks, new Rng(label).fork(i)));
  const evaluation = batches(HELD_OUT, corpus.validation, 1_000_001);
  const choosing = batches(CHOOSING, corpus.training, 1_000_002);
  const drawn = (seed: number) => (step: number) => rowsOf(corpus.training, new Rng(seed).fork(step + 1));
  return {
    task: (seed) => languageTask(SHAPE, drawn(seed), evaluation),
    operatorTask: (seed) => languageTask(SHAPE, drawn(seed), choosing),
  };
}
