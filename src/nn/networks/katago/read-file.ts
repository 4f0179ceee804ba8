/**
 * Reads KataGo's network files, unpacked (github.com/lightvector/KataGo, cpp/neuralnet/desc.cpp). Norms lose their mean and
 * variance, which become part of scale and bias; everything else is kept as it is.
 */

import type { Weights } from '../../model-file.js';
import {
  type KatagoArchitecture,
  type KatagoMultipliers,
  checkKatago,
  katagoMultipliers,
  katagoVersions,
  usualMultipliers,
  usualPolicies,
} from './architecture.js';
import type { KatagoBlock } from './blocks.js';
import { POOLS, blockKinds, blockWord, spareWords } from './layers.js';
import { LayerReader } from './read-layer.js';
import { readAttention, readFeedForward } from './read-transformer.js';
import { checkKatagoName } from './words.js';

export interface KatagoFile {
  /** The network's own name. */
  readonly name: string;
  readonly architecture: KatagoArchitecture;
  readonly weights: Weights;
}

/** The feature set of versions 8 to 17, and what it has. */
const FEATURES = { features: 'katago-7', planes: 22, globals: 19 } as const;
const MAX_BLOCKS = 256;

/** Parts that are known and not supported, by the words that begin them. */
const refusedBlocks: Readonly<Record<string, string>> = {
  dilated_block: 'a dilated block',
};

/**
 * Reads a whole file; the weights are copies.
 *
 * @param bytes the file without its gzip
 * @throws AppError 'invalid-argument' naming the byte and the layer for what is broken, and the part by name for what is
 *   not supported
 */
export function readKatago(bytes: Uint8Array): KatagoFile {
  const reader = new LayerReader(bytes);
  const { words } = reader;
  const name = checkKatagoName(words.word("the network's name"));
  const version = words.whole('the model version', 0, 1_000_000);
  const [oldest, newest] = katagoVersions;
  if (version < oldest || version > newest) {
    words.fail(`the model version is ${version}; this program reads ${oldest} to ${newest}`);
  }
  reader.version = version;
  words.whole('the number of input planes', FEATURES.planes, FEATURES.planes);
  words.whole('the number of input globals', FEATURES.globals, FEATURES.globals);
  const multipliers = version < 13 ? usualMultipliers : readMultipliers(reader);
  if (version >= 15) readOptions(reader);
  const trunk = readTrunk(reader);
  const policy = readPolicy(reader, trunk.channels);
  const value = readValue(reader, trunk.channels);
  words.end();
  const activation = reader.activations.get('tip/activation') ?? 'relu';
  const architecture = checkKatago({
    kind: 'katago',
    version,
    boards: [2, 19],
    ...FEATURES,
    ...trunk,
    policy,
    value,
    multipliers,
    activation,
    activations: Object.fromEntries([...reader.activations].filter(([, each]) => each !== activation)),
    kernels: Object.fromEntries(reader.kernels),
  });
  return { name, architecture, weights: reader.weights };
}

function readMultipliers({ words }: LayerReader): KatagoMultipliers {
  const entries = katagoMultipliers.map((name): [string, number] => {
    const value = words.number(`the multiplier ${name}`);
    if (value <= 0) words.fail(`the multiplier ${name} is ${value}; it must be above 0`);
    return [name, value];
  });
  return Object.fromEntries(entries) as KatagoMultipliers;
}

function readOptions({ words }: LayerReader): void {
  if (words.whole('metaEncoderVersion', 0, 1_000_000) !== 0) {
    words.fail('the network has a metaEncoder (it imitates players by their data), which is not supported');
  }
  if (words.whole('preferPassAliveUnderSuicideRules', 0, 1) !== 0) {
    words.fail('the network wants preferPassAliveUnderSuicideRules, which is not supported');
  }
  zeros(words, spareWords.header, 'header');
}

function zeros(words: LayerReader['words'], count: number, part: string): void {
  for (let i = 0; i < count; i++) words.whole(`option ${i + 1} of the ${part}, which is not supported,`, 0, 0);
}

function readTrunk(reader: LayerReader): Pick<KatagoArchitecture, 'channels' | 'stem' | 'blocks' | 'tipNorm'> {
  const { words } = reader;
  words.word("the trunk's name");
  const count = words.whole('the number of blocks', 1, MAX_BLOCKS);
  const channels = words.whole("the trunk's channels", 1, 4096);
  for (const width of ['middle', 'regular', 'dilated', 'pooled']) words.whole(`the ${width} channels`, 0, 1_000_000);
  const normKind = reader.version < 15 ? 0 : words.whole("the kind of the trunk's norm", 0, 1);
  if (reader.version >= 15) zeros(words, spareWords.trunk, 'trunk');
  const stem = reader.convolution('stem/filter', { inputs: FEATURES.planes, outputs: channels, side: 'any' });
  reader.matrix('stem/globals', FEATURES.globals, channels);
  const blocks = readBlocks(reader, { path: '', count, channels, depth: 0 });
  const tipNorm = normKind === 1 ? reader.tipNorm('tip/norm', channels) : undefined;
  if (tipNorm === undefined) reader.norm('tip/norm', channels);
  reader.activation('tip/activation');
  return { channels, stem: stem.side, blocks, ...(tipNorm && { tipNorm }) };
}

interface Stack {
  /** What the names of its layers begin with. */
  readonly path: string;
  readonly count: number;
  readonly channels: number;
  readonly depth: number;
}

function readBlocks(reader: LayerReader, stack: Stack): KatagoBlock[] {
  return Array.from({ length: stack.count }, (_, i) => readBlock(reader, `${stack.path}block${i}`, stack));
}

function readBlock(reader: LayerReader, path: string, { channels, depth }: Stack): KatagoBlock {
  const { words } = reader;
  const word = words.word(`the kind of block '${path}'`);
  const kind = blockKinds.find((each) => blockWord(each) === word);
  if (kind === undefined) {
    const refused = refusedBlocks[word];
    const what = refused === undefined ? `of the unknown kind '${word}'` : `${refused}, which is not supported`;
    return words.fail(`block '${path}' is ${what}`);
  }
  words.word(`the name of block '${path}'`);
  if (kind === 'attention') return readAttention(reader, path, channels);
  if (kind === 'feedForward') return readFeedForward(reader, path, channels);
  const count = kind === 'bottleneck' ? words.whole(`the number of blocks in '${path}'`, 1, MAX_BLOCKS) : 0;
  if (kind === 'bottleneck' && depth > 2) words.fail(`block '${path}' lies more than three bottlenecks deep`);
  const side = kind === 'bottleneck' ? 1 : 3;
  normed(reader, path, 1, channels);
  const { outputs: width } = reader.convolution(`${path}/filter1`, { inputs: channels, side });
  let pooled = 0;
  if (kind === 'pool') {
    pooled = reader.convolution(`${path}/poolFilter`, { inputs: channels, side }).outputs;
    reader.norm(`${path}/poolNorm`, pooled);
    reader.activation(`${path}/poolActivation`);
    reader.matrix(`${path}/pool`, POOLS * pooled, width);
  }
  const blocks = readBlocks(reader, { path: `${path}/`, count, channels: width, depth: depth + 1 });
  normed(reader, path, 2, width);
  reader.convolution(`${path}/filter2`, { inputs: width, outputs: channels, side });
  if (kind === 'pool') return { kind, regular: width, pooled };
  return kind === 'bottleneck' ? { kind, middle: width, blocks } : { kind, middle: width };
}

function normed(reader: LayerReader, path: string, which: 1 | 2, channels: number): void {
  reader.norm(`${path}/norm${which}`, channels);
  reader.activation(`${path}/activation${which}`);
}

function readPolicy(reader: LayerReader, trunk: number): KatagoArchitecture['policy'] {
  const { words, version } = reader;
  words.word("the policy head's name");
  const outputs = version < 17 ? usualPolicies(version) : words.whole('the number of policies', 2, 4);
  if (version >= 17) zeros(words, spareWords.head, 'policy head');
  const { outputs: channels } = reader.convolution('policy/filter', { inputs: trunk, side: 1 });
  const { outputs: pooled } = reader.convolution('policy/poolFilter', { inputs: trunk, side: 1 });
  reader.norm('policy/poolNorm', pooled);
  reader.activation('policy/poolActivation');
  reader.matrix('policy/pool', POOLS * pooled, channels);
  reader.norm('policy/norm', channels);
  reader.activation('policy/activation');
  reader.convolution('policy/pointFilter', { inputs: channels, outputs, side: 1 });
  if (version < 15) {
    reader.matrix('policy/pass', POOLS * pooled, outputs);
  } else {
    reader.matrix('policy/passHidden', POOLS * pooled, channels);
    reader.bias('policy/passBias', channels);
    reader.activation('policy/passActivation');
    reader.matrix('policy/pass', channels, outputs);
  }
  return { channels, pooled, outputs };
}

function readValue(reader: LayerReader, trunk: number): KatagoArchitecture['value'] {
  const { words, version } = reader;
  words.word("the value head's name");
  if (version >= 17) zeros(words, spareWords.head, 'value head');
  const { outputs: channels } = reader.convolution('value/filter', { inputs: trunk, side: 1 });
  reader.norm('value/norm', channels);
  reader.activation('value/activation');
  const hidden = reader.matrix('value/hidden', POOLS * channels);
  reader.bias('value/hiddenBias', hidden);
  reader.activation('value/hiddenActivation');
  reader.matrix('value/result', hidden, 3);
  reader.bias('value/resultBias', 3);
  const outputs = version < 9 ? 4 : 6;
  reader.matrix('value/scores', hidden, outputs);
  reader.bias('value/scoresBias', outputs);
  reader.convolution('value/ownershipFilter', { inputs: channels, outputs: 1, side: 1 });
  return { channels, hidden, outputs };
}
