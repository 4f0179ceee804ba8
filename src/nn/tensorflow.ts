/**
 * The part of TensorFlow.js's namespace that operations use. The engine passes the real namespace in; this folder
 * imports no package.
 */

/** A TensorFlow.js tensor, seen from outside. */
export interface TfTensor {
  readonly shape: number[];
  readonly dtype: string;
}

type Unary = (x: TfTensor) => TfTensor;
type Binary = (a: TfTensor, b: TfTensor) => TfTensor;
type Reduction = (x: TfTensor, axes: number[], keepDims: boolean) => TfTensor;

/** Functions of the `tf` namespace, as named there. */
export interface Tf {
  readonly add: Binary;
  readonly sub: Binary;
  readonly mul: Binary;
  readonly div: Binary;
  readonly minimum: Binary;
  readonly maximum: Binary;
  readonly greater: Binary;
  readonly equal: Binary;
  readonly neg: Unary;
  readonly abs: Unary;
  readonly sign: Unary;
  readonly square: Unary;
  readonly sqrt: Unary;
  readonly sin: Unary;
  readonly cos: Unary;
  readonly exp: Unary;
  readonly log: Unary;
  readonly relu: Unary;
  readonly tanh: Unary;
  readonly sigmoid: Unary;
  readonly softplus: Unary;
  readonly step: Unary;
  readonly sum: Reduction;
  readonly mean: Reduction;
  readonly max: Reduction;
  softmax(x: TfTensor, axis: number): TfTensor;
  logSoftmax(x: TfTensor, axis: number): TfTensor;
  matMul(a: TfTensor, b: TfTensor, transposeA?: boolean, transposeB?: boolean): TfTensor;
  reshape(x: TfTensor, shape: number[]): TfTensor;
  transpose(x: TfTensor, permutation: number[]): TfTensor;
  broadcastTo(x: TfTensor, shape: number[]): TfTensor;
  slice(x: TfTensor, begin: number[], size: number[]): TfTensor;
  reverse(x: TfTensor, axes: number[]): TfTensor;
  pad(x: TfTensor, paddings: [number, number][], value: number): TfTensor;
  concat(xs: TfTensor[], axis: number): TfTensor;
  where(condition: TfTensor, a: TfTensor, b: TfTensor): TfTensor;
  cast(x: TfTensor, dtype: 'float32' | 'int32' | 'bool'): TfTensor;
  gather(x: TfTensor, indices: TfTensor, axis: number): TfTensor;
  unsortedSegmentSum(x: TfTensor, segments: TfTensor, count: number): TfTensor;
  conv2d(x: TfTensor, filter: TfTensor, strides: number, pad: 'same' | 'valid'): TfTensor;
  tensor(data: Float32Array | Int32Array | Uint8Array, shape: number[], dtype: 'float32' | 'int32' | 'bool'): TfTensor;
}
