import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Status } from 'nice-grpc-common';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readHuggingFace, writeHuggingFace } from '../../src/nn/networks/transformer/hugging-face.js';
import { ModelServiceDefinition } from '../../src/proto/tengen/v1/model.js';
import { tinyModel } from '../support/served-models.js';
import { expectStatus } from '../support/server-calls.js';
import { makeDataDir, removeDataDir, startServerProcess, type ServerProcess } from '../support/start-server.js';
import { tinyLanguageModel } from '../support/tiny-language-model.js';

const script = fileURLToPath(new URL('../../dist/clients/cli/main.js', import.meta.url));
const secret = 'sesame-swordfish';

let folder: string;
let dataDir: string;
let imports: string;
let server: ServerProcess | undefined;
beforeEach(() => {
  folder = makeDataDir();
  dataDir = join(folder, 'data');
  imports = join(folder, 'imports');
  mkdirSync(imports);
  writeFileSync(join(folder, 'outside.safetensors'), tinyModel(5, 1));
  writeFileSync(join(folder, 'secret'), secret);
});
afterEach(async () => {
  await server?.kill();
  removeDataDir(folder);
});

async function start(flags: readonly string[]) {
  server = await startServerProcess(dataDir, flags);
  return server.connect().client(ModelServiceDefinition);
}

/** A checkpoint of another program, in a folder of its own. */
function writeCheckpoint(path: string, config?: string): void {
  const files = writeHuggingFace(tinyLanguageModel());
  mkdirSync(path);
  writeFileSync(join(path, 'config.json'), config ?? files.config);
  writeFileSync(join(path, 'model.safetensors'), files.tensors[0]!);
}

it('imports nothing by its path unless a folder is set', async () => {
  const models = await start([]);
  const call = models.importModel({ name: 'm', path: join(folder, 'outside.safetensors') });
  await expectStatus(call, Status.FAILED_PRECONDITION, /start the server with --import-dir FOLDER/);
});

it('imports what is in the folder, and nothing that a path or a link finds outside', async () => {
  const models = await start(['--import-dir', imports]);
  writeFileSync(join(imports, 'in.safetensors'), tinyModel(5, 1));
  for (const path of ['in.safetensors', join(imports, 'in.safetensors')]) {
    expect((await models.importModel({ name: 'm', path })).model?.name).toBe('m');
  }
  symlinkSync(join(folder, 'outside.safetensors'), join(imports, 'link.safetensors'));
  symlinkSync(folder, join(imports, 'up'));
  symlinkSync(join(folder, 'none'), join(imports, 'dangling'));
  const outside = [
    ...[
      'link.safetensors',
      'up/outside.safetensors',
      'up/none',
      'up/none/deeper',
      'dangling',
      'dangling/deeper',
      '../outside.safetensors',
      '/etc/passwd',
      '/nowhere',
      '../nowhere',
    ],
    join(folder, 'outside.safetensors'),
    `${imports}-and-more/file`,
  ];
  for (const path of outside) {
    await expectStatus(models.importModel({ name: 'n', path }), Status.PERMISSION_DENIED, /leads out of the server's/);
  }
  await expectStatus(models.importModel({ name: 'n', path: 'none' }), Status.NOT_FOUND, /no file 'none' below/);

  writeCheckpoint(join(imports, 'whole'));
  expect((await models.importModel({ name: 'whole', path: 'whole' })).model?.size).toBe(0);
  for (const name of ['config.json', 'model.safetensors', 'tokenizer.json']) {
    const linked = join(imports, `with-${name}`);
    writeCheckpoint(linked);
    symlinkSync(join(folder, 'secret'), join(linked, `other-${name}`));
    removeDataDir(join(linked, name));
    symlinkSync(join(folder, 'secret'), join(linked, name));
    const call = models.importModel({ name: 'n', path: linked });
    await expectStatus(call, Status.PERMISSION_DENIED, /leads out of the server's import folder/);
  }
});

it('says what is wrong with a file without showing what it holds', async () => {
  const models = await start(['--import-dir', imports]);
  writeFileSync(join(imports, 'text'), secret);
  await expectStatus(
    models.importModel({ name: 'n', path: 'text' }),
    Status.INVALID_ARGUMENT,
    /^The file is no model file/,
  );
  const folders = [
    [secret, /^config\.json is not JSON$/],
    ['null', /^config\.json must be one JSON object$/],
    ['[1]', /^config\.json must be one JSON object$/],
    ['7', /^config\.json must be one JSON object$/],
    [`"${secret}"`, /^config\.json must be one JSON object$/],
  ] as const;
  for (const [i, [config, message]] of folders.entries()) {
    writeCheckpoint(join(imports, `bad${i}`), config);
    await expectStatus(models.importModel({ name: 'n', path: `bad${i}` }), Status.INVALID_ARGUMENT, message);
  }
  const vocabularies = [
    [secret, /^The model's tokenizer\.json is not JSON$/],
    ['null', /^tokenizer\.json must be a JSON object with a model$/],
    ['[]', /^tokenizer\.json must be a JSON object with a model$/],
    [`{"model":{"type":"${secret}"}}`, /^tokenizer\.json is no vocabulary that can be read here$/],
  ] as const;
  for (const [i, [tokenizer, message]] of vocabularies.entries()) {
    writeCheckpoint(join(imports, `words${i}`));
    writeFileSync(join(imports, `words${i}`, 'tokenizer.json'), tokenizer);
    await expectStatus(models.importModel({ name: 'n', path: `words${i}` }), Status.INVALID_ARGUMENT, message);
  }
});

it('is not needed to send a checkpoint of one’s own machine', async () => {
  const models = await start([]);
  const checkpoint = join(folder, 'checkpoint');
  writeCheckpoint(checkpoint);
  const args = ['models', 'import', checkpoint, '--name', 'mine', '--address', server!.address];
  await promisify(execFile)(process.execPath, [script, ...args]);
  const { model } = await models.getModel({ model: 'mine' });
  expect(model?.parameterCount).toBe(
    [...readHuggingFace(writeHuggingFace(tinyLanguageModel())).weights.values()].reduce(
      (n, { data }) => n + data.length,
      0,
    ),
  );
});
