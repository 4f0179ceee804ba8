/** `tengen models …`: list, download, upload, import, promote and grow versions. */

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { AppError, check } from '../../../src/core/errors.js';
import { ModelServiceDefinition, type Model, type UploadModelRequest } from '../../../src/proto/tengen/v1/model.js';
import { Connection } from '../../shared/connection.js';
import { command, connectionFlags, jsonFlag } from '../command.js';
import { formatTable } from '../terminal/table.js';
import { growModel } from './grow-model.js';

const chunkBytes = 512 * 1024;

/** name@version, the way every service writes it. */
export function modelRef(model: Model): string {
  return `${model.name}@${model.version}`;
}

function describe(model: Model): string[] {
  const rating = model.rating === undefined ? '' : Math.round(model.rating).toString();
  // A language model has no board.
  const size = model.size === 0 ? '' : `${model.size}×${model.size}`;
  return [
    modelRef(model),
    size,
    model.step.toString(),
    model.parameterCount.toLocaleString('en'),
    rating,
    model.promoted ? 'promoted' : '',
  ];
}

function print(models: readonly Model[], json: boolean): void {
  if (json) for (const model of models) process.stdout.write(`${JSON.stringify(model)}\n`);
  else process.stdout.write(`${formatTable(['MODEL', 'BOARD', 'STEP', 'WEIGHTS', 'ELO', ''], models.map(describe))}\n`);
}

function one(model: Model | undefined): Model {
  if (!model) throw new AppError('internal', 'The server sent no model');
  return model;
}

const list = command({
  name: 'models list',
  usage: '[NAME]',
  summary: 'the versions that the server holds, the newest first',
  flags: { ...connectionFlags, ...jsonFlag },
  async run({ flags, args, signal }) {
    const client = new Connection(flags).client(ModelServiceDefinition);
    const { models } = await client.listModels({ name: args[0] ?? '' }, { signal });
    print(models, flags.json);
    return 0;
  },
});

const download = command({
  name: 'models download',
  usage: '[MODEL] FILE',
  summary: 'save a version as a safetensors file; MODEL is a name or name@version, by default the promoted one',
  flags: { ...connectionFlags, ...jsonFlag },
  async run({ flags, args, signal }) {
    const file = args.at(-1);
    check(file !== undefined && args.length <= 2, 'models download takes [MODEL] FILE');
    const client = new Connection(flags).client(ModelServiceDefinition);
    const partial = `${file}.partial`;
    const handle = await open(partial, 'w');
    const hash = createHash('sha256');
    let model: Model | undefined;
    try {
      for await (const message of client.downloadModel(
        { model: args.length === 2 ? (args[0] ?? '') : '' },
        { signal },
      )) {
        model ??= message.model;
        hash.update(message.chunk);
        await handle.write(message.chunk);
      }
      await handle.sync();
      check(hash.digest('hex') === one(model).sha256, `The download of ${modelRef(one(model))} is damaged; try again`);
      await rename(partial, file);
    } finally {
      await handle.close();
      await rm(partial, { force: true });
    }
    print([one(model)], flags.json);
    return 0;
  },
});

async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

async function* uploadMessages(name: string, file: string): AsyncGenerator<UploadModelRequest> {
  const sha256 = await sha256Of(file);
  let first = true;
  for await (const chunk of createReadStream(file, { highWaterMark: chunkBytes })) {
    yield { name: first ? name : '', sha256: first ? sha256 : '', chunk: chunk as Buffer };
    first = false;
  }
}

const upload = command({
  name: 'models upload',
  usage: 'NAME FILE',
  summary: 'send a model file; it is checked whole before it is stored',
  flags: { ...connectionFlags, ...jsonFlag },
  async run({ flags, args, signal }) {
    const [name, file] = args;
    check(name !== undefined && file !== undefined && args.length === 2, 'models upload takes NAME FILE');
    const client = new Connection(flags).client(ModelServiceDefinition);
    const { model } = await client.uploadModel(uploadMessages(name, file), { signal });
    print([one(model)], flags.json);
    return 0;
  },
});

const importModel = command({
  name: 'models import',
  usage: 'NAME PATH',
  summary: "import a model file, or a folder with a Hugging Face checkpoint, from the server's own disk",
  flags: { ...connectionFlags, ...jsonFlag },
  async run({ flags, args, signal }) {
    const [name, path] = args;
    check(name !== undefined && path !== undefined && args.length === 2, 'models import takes NAME PATH');
    const { model } = await new Connection(flags)
      .client(ModelServiceDefinition)
      .importModel({ name, path }, { signal });
    print([one(model)], flags.json);
    return 0;
  },
});

const promote = command({
  name: 'models promote',
  usage: 'NAME@VERSION',
  summary: 'make a version the one that requests without a version get',
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

/** All `models` commands. */
export const modelsCommands = [list, download, upload, importModel, promote, growModel];
