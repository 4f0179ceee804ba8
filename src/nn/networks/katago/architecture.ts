/**
 * What a KataGo network is, in the numbers from which its parameters' names and shapes follow: KataGo's model versions 8 to
 * 17 without an encoder of players' data (github.com/lightvector/KataGo, cpp/neuralnet/desc.cpp).
 */

import { check } from '../../../core/errors.js';
import { shown } from '../../../core/quoted.js';
import { type KatagoBlock, checkBlocks, checkEpsilon } from './blocks.js';
import { fieldsOf, whole, width } from './fields.js';

/** The functions between layers, by the names that versions from 11 write. */
export const katagoActivations = {
  identity: 'ACTIVATION_IDENTITY',
  relu: 'ACTIVATION_RELU',
  mish: 'ACTIVATION_MISH',
  silu: 'ACTIVATION_SILU',
} as const;

export type KatagoActivation = keyof typeof katagoActivations;

/** What raw outputs are multiplied by to give points, moves and probabilities; the file's names and order. */
export const katagoMultipliers = [
  'tdScore',
  'scoreMean',
  'scoreStdev',
  'lead',
  'varianceTime',
  'shorttermValueError',
  'shorttermScoreError',
] as const;

export type KatagoMultipliers = Readonly<Record<(typeof katagoMultipliers)[number], number>>;

/** The multipliers of versions before 13, whose files do not say them. */
export const usualMultipliers: KatagoMultipliers = {
  tdScore: 20,
  scoreMean: 20,
  scoreStdev: 20,
  lead: 20,
  varianceTime: 40,
  shorttermValueError: 0.25,
  shorttermScoreError: 30,
};

export interface KatagoTipNorm {
  readonly epsilon: number;
  readonly over: 'point' | 'board';
}

/** A KataGo network: `networks/katago/network.ts`. */
export interface KatagoArchitecture {
  readonly kind: 'katago';
  /** KataGo's model version: which layers the heads have and what their outputs mean. */
  readonly version: number;
  /** Smallest and largest side of the boards that it plays; no parameter's shape depends on it. */
  readonly boards: readonly [number, number];
  /** Input planes and globals. */
  readonly planes: number;
  readonly globals: number;
  /** Name of the feature set; see `Architecture`. */
  readonly features: string;
  /** Channels of the trunk. */
  readonly channels: number;
  /** Side of the first convolution's filters. */
  readonly stem: number;
  readonly blocks: readonly KatagoBlock[];
  /** The norm after the last block, if it divides by the root mean square: of a point, or of the whole board. */
  readonly tipNorm?: KatagoTipNorm;
  /** Channels of the policy head, of its pooled part, and how many policies it gives. */
  readonly policy: { readonly channels: number; readonly pooled: number; readonly outputs: number };
  /** Channels of the value head, width of its hidden layer, and how many numbers about the score it gives. */
  readonly value: { readonly channels: number; readonly hidden: number; readonly outputs: number };
  readonly multipliers: KatagoMultipliers;
  /** The function after norms and hidden layers, but for those that `activations` names. */
  readonly activation: KatagoActivation;
  readonly activations: Readonly<Record<string, KatagoActivation>>;
  /** Sides of the filters of convolutions that do not have the usual one: 3 in blocks, 1 in heads and bottlenecks. */
  readonly kernels: Readonly<Record<string, number>>;
}

/** The versions that can be read. */
export const katagoVersions = [8, 17] as const;

const fieldNames = [
  ...['kind', 'version', 'boards', 'planes', 'globals', 'features', 'channels', 'stem', 'blocks', 'tipNorm'],
  ...['policy', 'value', 'multipliers', 'activation', 'activations', 'kernels'],
];

/** The number of policies that a version gives; version 17 says it itself. */
export function usualPolicies(version: number): number {
  return version < 12 ? 1 : version === 16 ? 4 : 2;
}

/**
 * Checks a description that comes from outside and returns it with its keys in a fixed order (equal architectures give
 * equal JSON).
 *
 * @throws AppError 'invalid-argument' naming the field, the value seen and the values allowed
 */
export function checkKatago(value: unknown): KatagoArchitecture {
  const fields = fieldsOf(value, 'The architecture of a model');
  for (const key of Object.keys(fields)) check(fieldNames.includes(key), `Unknown architecture field '${key}'`);
  const version = whole(fields['version'], 'version', ...katagoVersions);
  const boards = fields['boards'];
  check(
    Array.isArray(boards) && boards.length === 2,
    () => `Architecture boards is ${shown(boards)}; it must be two sizes`,
  );
  const [smallest, largest] = (boards as unknown[]).map((side) => whole(side, 'boards', 2, 19)) as [number, number];
  check(smallest <= largest, () => `Architecture boards is ${shown(boards)}; the smallest size comes first`);
  const { features } = fields;
  check(
    typeof features === 'string' && features.length > 0 && features.length <= 64,
    () => `Architecture features is ${shown(features)}; it must be a name of 1 to 64 characters`,
  );
  const policy = fieldsOf(fields['policy'], 'Architecture policy');
  const outputs = whole(policy['outputs'], 'policy outputs', 1, 4);
  check(
    version === 17 ? outputs === 2 || outputs === 4 : outputs === usualPolicies(version),
    () => `Architecture policy outputs is ${outputs}, which version ${version} does not have`,
  );
  const values = fieldsOf(fields['value'], 'Architecture value');
  const scores = whole(values['outputs'], 'value outputs', 4, 6);
  check(
    scores === (version < 9 ? 4 : 6),
    () => `Architecture value outputs is ${scores}; not so in version ${version}`,
  );
  const activation = checkActivation(fields['activation'], version);
  return {
    kind: 'katago',
    version,
    boards: [smallest, largest],
    planes: whole(fields['planes'], 'planes', 1, 256),
    globals: whole(fields['globals'], 'globals', 10, 256),
    features,
    channels: width(fields, 'channels'),
    stem: checkKernel(fields['stem'], 'stem'),
    blocks: checkBlocks(fields['blocks'], 0),
    ...(fields['tipNorm'] !== undefined && { tipNorm: checkTipNorm(fields['tipNorm'], version) }),
    policy: { channels: width(policy, 'channels'), pooled: width(policy, 'pooled'), outputs },
    value: { channels: width(values, 'channels'), hidden: width(values, 'hidden'), outputs: scores },
    multipliers: checkMultipliers(fields['multipliers']),
    activation,
    activations: sorted(fields['activations'], 'activations', (each) => checkActivation(each, version)),
    kernels: sorted(fields['kernels'], 'kernels', (each) => checkKernel(each, 'kernels')),
  };
}

function checkTipNorm(value: unknown, version: number): KatagoTipNorm {
  const fields = fieldsOf(value, 'Architecture tipNorm');
  const { over } = fields;
  check(version >= 15, () => `Architecture tipNorm is given, which version ${version} does not have; 15 and later do`);
  check(
    over === 'point' || over === 'board',
    () => `Architecture tipNorm over is ${shown(over)}; it must be 'point' or 'board'`,
  );
  return { epsilon: checkEpsilon(fields), over };
}

function checkMultipliers(value: unknown): KatagoMultipliers {
  const fields = fieldsOf(value, 'Architecture multipliers');
  const entries = katagoMultipliers.map((name) => {
    const seen = fields[name];
    check(
      typeof seen === 'number' && Number.isFinite(seen) && seen > 0,
      () => `Architecture multiplier ${name} is ${shown(seen)}; it must be above 0`,
    );
    return [name, seen];
  });
  return Object.fromEntries(entries) as KatagoMultipliers;
}

function checkActivation(value: unknown, version: number): KatagoActivation {
  const names = version < 11 ? ['relu'] : Object.keys(katagoActivations);
  check(
    typeof value === 'string' && names.includes(value),
    () => `Activation is ${shown(value)}; in version ${version} it must be ${names.join(', ')}`,
  );
  return value as KatagoActivation;
}

function checkKernel(value: unknown, what: string): number {
  const side = whole(value, what, 1, 19);
  check(side % 2 === 1, `Architecture ${what} is ${side}; filters have odd sides`);
  return side;
}

function sorted<T>(value: unknown, what: string, each: (value: unknown) => T): Readonly<Record<string, T>> {
  const entries = Object.entries(fieldsOf(value, `Architecture ${what}`)).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, seen]) => [name, each(seen)]));
}
