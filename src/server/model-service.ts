/** ModelService: model files in and out, and which version plays. */

import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import type { CallContext } from 'nice-grpc';
import { AppError, check } from '../core/errors.js';
import { quoted } from '../core/quoted.js';
import {
  ModelFormat,
  Precision,
  type Model,
  type ModelServiceImplementation,
  type UploadModelRequest,
} from '../proto/tengen/v1/model.js';
import { isWorthServing } from '../evaluator/quantization/compare.js';
import { modelRef, precisions, type ModelRow, type ModelStore } from '../store/store.js';
import { readCheckpointFolder } from './checkpoint-folder.js';
import { readPlainFile, type ImportFolder } from './import-folder.js';
import { fromKatago, isPacked, toKatago } from './katago-file.js';
import { describeModel, smallestSize } from './model-file.js';
import { checkModelName } from './model-name.js';
import type { Names } from './names.js';
import { parseQuantization } from './quantizer.js';

const CHUNK = 1024 * 1024;

/** What the service is made of. */
export interface ModelServiceOptions {
  readonly models: ModelStore;
  readonly names: Names;
  /** From where models may be imported by their paths. */
  readonly importFolder: ImportFolder;
  /** Largest file taken. */
  readonly maxBytes: number;
  /** Called after a model's promoted version, or the default model, changed. */
  readonly promoted: (row: ModelRow) => void;
  /** Called after a model's precision changed. */
  readonly precisionChanged: (name: string) => void;
}

/** Makes the service. */
export function makeModelService(options: ModelServiceOptions): ModelServiceImplementation {
  const { models, names, importFolder, maxBytes, promoted, precisionChanged } = options;
  const get = async (ref: string): Promise<ModelRow> => {
    const row = await models.get(ref);
    if (!row)
      throw new AppError('not-found', ref === '' ? 'There is no model yet' : `There is no model ${quoted(ref)}`);
    return row;
  };
  const put = async (name: string, given: Uint8Array, context: CallContext): Promise<ModelRow> => {
    const bytes = isPacked(given) ? await fromKatago(given, maxBytes) : given;
    const description = describeModel(bytes);
    await names.claimFor(context, 'model', name);
    const row = await models.put({ name, ...description }, bytes);
    promoted(row);
    return row;
  };
  return {
    async listModels({ name }) {
      return { models: (await models.list(name === '' ? undefined : name)).map(modelToWire) };
    },
    async getModel({ model }) {
      return { model: modelToWire(await get(model)) };
    },
    async uploadModel(requests, context) {
      const { name, bytes } = await receiveFile(requests, maxBytes);
      return { model: modelToWire(await put(name, bytes, context)) };
    },
    async *downloadModel({ model, format }) {
      const row = await get(model);
      const stored = await models.read(modelRef(row));
      const isKatago = format === ModelFormat.KATAGO;
      const bytes = isKatago ? await toKatago(`${row.name}-${row.version}`, stored) : stored;
      const sha256 = isKatago ? sha256Of(bytes) : row.sha256;
      for (let start = 0; start === 0 || start < bytes.length; start += CHUNK) {
        const chunk = bytes.subarray(start, start + CHUNK);
        yield start === 0 ? { chunk, model: modelToWire(row), sha256 } : { chunk, model: undefined, sha256: '' };
      }
    },
    async importModel({ name, path }, context) {
      checkModelName(name);
      const found = await importFolder.resolve(path);
      const bytes = (await stat(found)).isDirectory()
        ? await readCheckpointFolder(found, maxBytes, (file) => importFolder.resolve(file))
        : await readPlainFile(found, maxBytes);
      return { model: modelToWire(await put(name, bytes, context)) };
    },
    async promoteModel({ model }) {
      check(model.includes('@'), () => `model is ${quoted(model)}; it must be name@version`);
      const row = await models.promote(model, { asDefault: true });
      promoted(row);
      return { model: modelToWire(row) };
    },
    async setPrecision({ name, precision }) {
      checkModelName(name);
      const row = await models.setPrecision(name, precisionFromWire(precision));
      precisionChanged(name);
      return { model: modelToWire(row) };
    },
  };
}

async function receiveFile(
  requests: AsyncIterable<UploadModelRequest>,
  maxBytes: number,
): Promise<{ name: string; bytes: Uint8Array }> {
  let first: UploadModelRequest | undefined;
  const chunks: Uint8Array[] = [];
  let total = 0;
  for await (const request of requests) {
    if (!first) {
      first = request;
      checkModelName(first.name);
      check(
        /^[0-9a-f]{64}$/.test(first.sha256),
        () => `sha256 is ${quoted(request.sha256)}; it must be 64 hexadecimal digits`,
      );
    }
    check(
      request.chunk.length <= CHUNK,
      () => `A chunk has ${request.chunk.length} bytes; at most ${CHUNK} are allowed`,
    );
    total += request.chunk.length;
    check(total <= maxBytes, () => `The file has more than the ${maxBytes} bytes that this server takes`);
    chunks.push(request.chunk);
  }
  check(first !== undefined, 'The upload is empty; its first message must name the model');
  const bytes = Buffer.concat(chunks);
  const seen = sha256Of(bytes);
  check(seen === first.sha256, `The file that arrived has sha256 ${seen}; ${first.sha256} was promised`);
  return { name: first.name, bytes };
}

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function modelToWire({ quantizationJson, ...row }: ModelRow): Model {
  const quantization = parseQuantization({ quantizationJson });
  return {
    ...row,
    rating: row.rating,
    smallestSize: smallestSize(row),
    precision: wirePrecisions[row.precision],
    quantization: quantization && {
      ...quantization.report,
      isWorthServing: isWorthServing(quantization.report),
    },
  };
}

const wirePrecisions = { auto: Precision.AUTO, fp32: Precision.FP32, int8: Precision.INT8 } as const;

function precisionFromWire(precision: Precision): (typeof precisions)[number] {
  const known = precisions.find((name) => wirePrecisions[name] === precision);
  check(known !== undefined, () => `precision is ${precision}; it must be 1 (auto), 2 (fp32) or 3 (int8)`);
  return known;
}
