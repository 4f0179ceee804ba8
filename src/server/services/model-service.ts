/** ModelService: model files in and out, and which version plays. */

import type { CallContext } from 'nice-grpc';
import { AppError, check } from '../../core/errors.js';
import { checkModelName } from '../../core/model-name.js';
import { quoted } from '../../core/quoted.js';
import { refOf } from '../../core/refs.js';
import { throwIfAborted } from '../../core/signals.js';
import {
  ModelServiceDefinition,
  type DownloadModelResponse,
  type Model,
  type ModelServiceImplementation,
  type UploadModelRequest,
} from '../../proto/tengen/v1/model.js';
import { precisions, type ModelRow, type ModelStore } from '../../store/store.js';
import { owned } from '../../threads/messages.js';
import { threadModule, type ThreadPool } from '../../threads/pool.js';
import { wordOf } from '../../wire/enums.js';
import type { Names } from '../access/names.js';
import { MEGABYTE } from '../config.js';
import type { DescribedModel, PackedModel } from '../models/read-model.js';
import type * as files from '../models/read-model.js';
import type { Parts } from '../parts.js';
import type { Uploads } from '../transport/receive-upload.js';
import { chunksOf } from '../transport/send-file.js';
import { service, type Service } from '../transport/service.js';
import { modelToWire, type Serving } from './model-message.js';

const reading = threadModule<typeof files>(import.meta.url, '../models/read-model.js');
/** After this the reading or packing of a file is given up. */
const MAX_MS = 600_000;

/** By their number in the messages. */
const formats = ['stored', 'stored', 'katago'] as const;

export interface ModelServiceOptions {
  readonly models: ModelStore;
  /** What the server does with a version now. */
  readonly servingOf: (row: ModelRow) => Serving;
  readonly names: Names;
  /** Below it are the models that may be imported by their paths; '' for none. */
  readonly importDir: string;
  readonly uploads: Uploads;
  /** Threads that read files. */
  readonly work: ThreadPool;
  /** Largest file taken. */
  readonly maxBytes: number;
  /** Called after a model's promoted version, or the default model, changed. */
  readonly promoted: (row: ModelRow) => void;
  /** Called after a model's precision changed. */
  readonly precisionChanged: (name: string) => void;
}

export function composeModels(parts: Parts): Service {
  const { config, logger, store, evaluator, quantizer, promoted, names, uploads, pools } = parts;
  const options: ModelServiceOptions = {
    models: store.models,
    servingOf: (row) => ({ precision: quantizer.precisionOf(row), calibration: quantizer.calibrationOf(refOf(row)) }),
    names,
    uploads,
    work: pools.files,
    importDir: config.importDir,
    maxBytes: config.maxModelMegabytes * MEGABYTE,
    promoted,
    precisionChanged(name) {
      // A calibration that the new precision needs begins now, and not when somebody asks for the model.
      const changed = Promise.all([quantizer.ranges(name), evaluator.reload(name)]);
      changed.catch((err: unknown) => logger.error({ err, name }, 'model-not-reloaded'));
    },
  };
  return service(ModelServiceDefinition, makeModelService(options));
}

export function makeModelService(options: ModelServiceOptions): ModelServiceImplementation {
  const { models, names, uploads, maxBytes, promoted, precisionChanged } = options;
  const threads = inThreads(options);
  const toWire = (row: ModelRow): Model => modelToWire(row, options.servingOf(row));
  const get = async (ref: string): Promise<ModelRow> => {
    const row = await models.get(ref);
    if (!row)
      throw new AppError('not-found', ref === '' ? 'There is no model yet' : `There is no model ${quoted(ref)}`);
    return row;
  };
  const put = async (name: string, read: DescribedModel, context: CallContext): Promise<ModelRow> => {
    const { bytes, description } = read;
    await names.claimFor(context, 'model', name);
    throwIfAborted(context.signal);
    const row = await models.put({ name, ...description }, bytes);
    promoted(row);
    return row;
  };
  return {
    async listModels({ name }) {
      return { models: (await models.list(name === '' ? undefined : name)).map(toWire) };
    },
    async getModel({ model }) {
      return { model: toWire(await get(model)) };
    },
    async uploadModel(requests, context) {
      const begin = ({ name }: UploadModelRequest): Promise<void> => {
        checkModelName(name);
        return names.checkFor(context, 'model', name);
      };
      const { first, bytes, done } = await uploads.receive(requests, { maxBytes, signal: context.signal, begin });
      try {
        return { model: toWire(await put(first.name, await threads.read(bytes, context.signal), context)) };
      } finally {
        done();
      }
    },
    async *downloadModel({ model, format }, { signal }) {
      const isKatago = wordOf('format', format, formats) === 'katago';
      const row = await get(model);
      const stored = await models.read(refOf(row));
      yield* download(
        toWire(row),
        isKatago ? await threads.pack(row, stored, signal) : { bytes: stored, sha256: row.sha256 },
      );
    },
    async importModel({ name, path }, context) {
      checkModelName(name);
      return { model: toWire(await put(name, await threads.import(path, context.signal), context)) };
    },
    async promoteModel({ model }) {
      check(model.includes('@'), () => `model is ${quoted(model)}; it must be name@version`);
      const row = await models.promote(model, { asDefault: true });
      promoted(row);
      return { model: toWire(row) };
    },
    async setPrecision({ name, precision }) {
      checkModelName(name);
      const row = await models.setPrecision(name, wordOf('precision', precision, [undefined, ...precisions]));
      precisionChanged(name);
      return { model: toWire(row) };
    },
  };
}

/** What threads do with files. */
function inThreads({ work, importDir, maxBytes }: ModelServiceOptions): {
  /** @param given given away if no other has its buffer */
  readonly read: (given: Uint8Array, signal: AbortSignal) => Promise<DescribedModel>;
  readonly import: (path: string, signal: AbortSignal) => Promise<DescribedModel>;
  readonly pack: (row: ModelRow, stored: Uint8Array, signal: AbortSignal) => Promise<PackedModel>;
} {
  const timeoutMs = MAX_MS;
  return {
    read(given, signal) {
      const own = owned(given);
      return work.run(reading, 'readModel', [own, maxBytes], { signal, timeoutMs, transfer: [own.buffer] });
    },
    import: (path, signal) => work.run(reading, 'importModel', [importDir, path, maxBytes], { signal, timeoutMs }),
    pack: ({ name, version }, stored, signal) =>
      work.run(reading, 'packModel', [`${name}-${version}`, stored], { signal, timeoutMs }),
  };
}

function* download(model: Model, { bytes, sha256 }: PackedModel): Generator<DownloadModelResponse> {
  const said = { model, sha256, sizeBytes: bytes.length };
  let isFirst = true;
  for (const chunk of chunksOf(bytes)) {
    yield { ...(isFirst ? said : { model: undefined, sha256: '', sizeBytes: 0 }), chunk };
    isFirst = false;
  }
}
