/** ModelService: model files in and out, and which version plays. */

import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import type { CallContext } from 'nice-grpc';
import { AppError, check } from '../core/errors.js';
import { quoted } from '../core/quoted.js';
import { throwIfAborted } from '../core/signals.js';
import {
  ModelFormat,
  Precision,
  type DownloadModelResponse,
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
import { CHUNK, type Uploads } from './receive-upload.js';

/** What the service is made of. */
export interface ModelServiceOptions {
  readonly models: ModelStore;
  readonly names: Names;
  /** From where models may be imported by their paths. */
  readonly importFolder: ImportFolder;
  readonly uploads: Uploads;
  /** Largest file taken. */
  readonly maxBytes: number;
  /** Called after a model's promoted version, or the default model, changed. */
  readonly promoted: (row: ModelRow) => void;
  /** Called after a model's precision changed. */
  readonly precisionChanged: (name: string) => void;
}

/** Makes the service. */
export function makeModelService(options: ModelServiceOptions): ModelServiceImplementation {
  const { models, names, uploads, importFolder, maxBytes, promoted, precisionChanged } = options;
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
    throwIfAborted(context.signal);
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
      const begin = ({ name }: UploadModelRequest): void => checkModelName(name);
      const { first, bytes, done } = await uploads.receive(requests, { maxBytes, signal: context.signal, begin });
      try {
        return { model: modelToWire(await put(first.name, bytes, context)) };
      } finally {
        done();
      }
    },
    async *downloadModel({ model, format }) {
      const row = await get(model);
      yield* download(row, await models.read(modelRef(row)), format);
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

async function* download(
  row: ModelRow,
  stored: Uint8Array,
  format: ModelFormat,
): AsyncGenerator<DownloadModelResponse> {
  const isKatago = format === ModelFormat.KATAGO;
  const bytes = isKatago ? await toKatago(`${row.name}-${row.version}`, stored) : stored;
  const sha256 = isKatago ? sha256Of(bytes) : row.sha256;
  const said = { model: modelToWire(row), sha256, sizeBytes: bytes.length };
  for (let start = 0; start === 0 || start < bytes.length; start += CHUNK) {
    const chunk = bytes.subarray(start, start + CHUNK);
    yield { ...(start === 0 ? said : { model: undefined, sha256: '', sizeBytes: 0 }), chunk };
  }
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
