/** `tengen models …`: list, import, export, promote and grow versions, and choose the precision that they are served in. */

import { refOf } from '../../../src/core/refs.js';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { AppError, check } from '../../../src/core/errors.js';
import {
  ModelFormat,
  ModelServiceDefinition,
  type DownloadModelResponse,
  type Model,
  type UploadModelResponse,
} from '../../../src/proto/tengen/v1/model.js';
import { Precision } from '../../../src/proto/tengen/v1/precision.js';
import { Connection } from '../../shared/connection.js';
import { saveDownload, type DownloadPart } from '../../shared/download.js';
import { boardsText } from '../../shared/model-boards.js';
import { messagesOf, partsOfFile } from '../../shared/upload.js';
import { command, connectionFlags, jsonFlag } from '../command.js';
import { formatTable } from '../../shared/table.js';
import { growModel } from './grow-model.js';

function describe(model: Model): string[] {
  const rating = model.rating === undefined ? '' : Math.round(model.rating).toString();
  return [
    refOf(model),
    boardsText(model),
    model.step.toString(),
    model.parameterCount.toLocaleString('en'),
    rating,
    precisionOf(model),
    model.promoted ? 'promoted' : '',
  ];
}

const precisions = { auto: Precision.AUTO, fp32: Precision.FP32, int8: Precision.INT8 } as const;

/** What a version is served in; how much faster eight bits are where they are used, and what becomes of the calibration else. */
function precisionOf({ servedPrecision, quantization, calibration }: Model): string {
  if (servedPrecision === Precision.UNSPECIFIED) return '';
  if (servedPrecision === Precision.FP32) return `fp32${calibrations[calibration]}`;
  return quantization?.isSpeedupCertain ? `int8 (${quantization.speedup.toFixed(1)} ×)` : 'int8';
}

/** By their number in the messages. */
const calibrations: readonly string[] = ['', ' (calibration waits)', ' (being calibrated)'];

function print(models: readonly Model[], json: boolean): void {
  if (json) for (const model of models) process.stdout.write(`${JSON.stringify(model)}\n`);
  else
    process.stdout.write(
      `${formatTable(['MODEL', 'BOARD', 'STEP', 'WEIGHTS', 'ELO', 'PRECISION', ''], models.map(describe))}\n`,
    );
}

function one(model: Model | undefined): Model {
  if (!model) throw new AppError('internal', 'The server sent no model');
  return model;
}

const list = command({
  name: 'models list',
  usage: '[NAME]',
  summary: 'list the model versions of the server, newest first',
  flags: { ...connectionFlags, ...jsonFlag },
  async run({ flags, args, signal }) {
    const client = new Connection(flags).client(ModelServiceDefinition);
    const { models } = await client.listModels({ name: args[0] ?? '' }, { signal });
    print(models, flags.json);
    return 0;
  },
});

const exportModel = command({
  name: 'models export',
  usage: '[MODEL] FILE',
  summary: 'save a model version as a .safetensors file or, if FILE ends with .bin.gz, as a KataGo network file',
  details: `
  MODEL is NAME or NAME@VERSION; without MODEL, the promoted version is saved. Only networks of the kind katago can be saved
  as .bin.gz, the format of KataGo, KaTrain and Lizzie.`,
  flags: { ...connectionFlags, ...jsonFlag },
  async run({ flags, args, signal }) {
    const file = args.at(-1);
    check(file !== undefined && args.length <= 2, 'models export takes [MODEL] FILE');
    check(
      /\.(safetensors|bin\.gz)$/.test(file),
      `The file is called '${file}'; its name must end with .safetensors, or with .bin.gz for KataGo`,
    );
    const client = new Connection(flags).client(ModelServiceDefinition);
    const format = file.endsWith('.bin.gz') ? ModelFormat.KATAGO : ModelFormat.STORED;
    const request = { model: args.length === 2 ? (args[0] ?? '') : '', format };
    print([await saveModel(client.downloadModel(request, { signal }), file)], flags.json);
    return 0;
  },
});

/** Writes what arrives, under its own name once it is whole. */
async function saveModel(messages: AsyncIterable<DownloadModelResponse>, file: string): Promise<Model> {
  let model: Model | undefined;
  const parts = async function* (): AsyncGenerator<DownloadPart> {
    for await (const message of messages) {
      model ??= message.model;
      yield message;
    }
  };
  await saveDownload(parts(), file);
  return one(model);
}

/** Hands `send` a Hugging Face checkpoint of this machine as one model file, for as long as `send` takes. */
async function asModelFile<T>(checkpoint: string, send: (file: string) => Promise<T>): Promise<T> {
  const { readCheckpointFolder } = await import('../../../src/server/models/checkpoint-folder.js');
  const folder = await mkdtemp(join(tmpdir(), 'tengen-upload-'));
  try {
    const file = join(folder, 'model.safetensors');
    await writeFile(file, await readCheckpointFolder(checkpoint, Infinity), { mode: 0o600 });
    return await send(file);
  } finally {
    await rm(folder, { recursive: true });
  }
}

const importModel = command({
  name: 'models import',
  usage: 'PATH',
  summary: 'import a model file, a KataGo network file, or a folder with a Hugging Face checkpoint',
  details: `
  A PATH that exists on this machine is sent to the server. Any other PATH is read from the disk of the server, where an admin
  may import what is below the server's --import-dir.
  tengen models import kata1-b18c384nbt-s9996604416-d4316597426.bin.gz --name kata1
  tengen models import /models/Qwen2.5-0.5B --name qwen`,
  flags: {
    ...connectionFlags,
    ...jsonFlag,
    name: { type: 'string', value: 'NAME', doc: 'name of the model [made from the name of the file]' },
  },
  async run({ flags, args, signal }) {
    const [path] = args;
    check(path !== undefined && args.length === 1, 'models import takes PATH');
    const name = flags.name ?? nameOf(path);
    const client = new Connection(flags).client(ModelServiceDefinition);
    const here = await stat(path).catch(() => undefined);
    const upload = (file: string): Promise<UploadModelResponse> =>
      client.uploadModel(messagesOf(partsOfFile(file), { name }, { name: '' }), { signal });
    const { model } = here?.isFile()
      ? await upload(path)
      : here?.isDirectory()
        ? await asModelFile(path, upload)
        : await client.importModel({ name, path }, { signal });
    print([one(model)], flags.json);
    return 0;
  },
});

/** The file's own name as far as models may be called so. */
function nameOf(path: string): string {
  return basename(path)
    .replace(/\.(bin|txt)?\.?gz$|\.safetensors$/, '')
    .replace(/[^A-Za-z0-9_-]/g, '-')
    .slice(0, 64);
}

const promote = command({
  name: 'models promote',
  usage: 'NAME@VERSION',
  summary: 'promote a version: the server uses it for requests that name only the model, or no model',
  flags: { ...connectionFlags, ...jsonFlag },
  async run({ flags, args, signal }) {
    check(args.length === 1, 'models promote takes NAME@VERSION');
    const { model } = await new Connection(flags)
      .client(ModelServiceDefinition)
      .promoteModel({ model: args[0] ?? '' }, { signal });
    print([one(model)], flags.json);
    return 0;
  },
});

const precision = command({
  name: 'models precision',
  usage: 'NAME auto|fp32|int8',
  summary:
    'set the precision that a Go model is served in: auto is int8 where a measurement found it accurate and faster, else fp32',
  flags: { ...connectionFlags, ...jsonFlag },
  async run({ flags, args, signal }) {
    const [name, wanted] = args;
    check(name !== undefined && wanted !== undefined && args.length === 2, 'models precision takes NAME PRECISION');
    check(
      wanted in precisions,
      () => `PRECISION is '${wanted}'; it must be one of ${Object.keys(precisions).join(', ')}`,
    );
    const { model } = await new Connection(flags)
      .client(ModelServiceDefinition)
      .setPrecision({ name, precision: precisions[wanted as keyof typeof precisions] }, { signal });
    print([one(model)], flags.json);
    return 0;
  },
});

export const modelsCommands = [list, importModel, exportModel, promote, precision, growModel];
