/** `tengen datasets …`: import and list files of samples to fine-tune on. */

import { refOf } from '../../../src/core/refs.js';
import { writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { AppError, check } from '../../../src/core/errors.js';
import {
  DatasetServiceDefinition,
  type Dataset,
  type ImportDatasetRequest,
} from '../../../src/proto/tengen/v1/dataset.js';
import { LEVELS } from '../../../src/tasks/families.js';
import { makeSuite, suites, type SuiteName } from '../../../src/tasks/suite.js';
import { Connection } from '../../shared/connection.js';
import { messagesOf, partsOfBytes, partsOfFile, type UploadPart } from '../../shared/upload.js';
import { command, connectionFlags, jsonFlag } from '../command.js';
import { suiteOptions, taskLine } from '../suite-flags.js';
import { formatTable } from '../../shared/table.js';

/** Refused lines that a person is shown. */
const SHOWN = 20;

function print(datasets: readonly Dataset[], json: boolean): void {
  if (json) {
    for (const dataset of datasets) process.stdout.write(`${JSON.stringify(dataset)}\n`);
    return;
  }
  const rows = datasets.map(({ name, version, samples, malformed, sizeBytes }) => [
    refOf({ name, version }),
    ...[samples, malformed, sizeBytes].map((value) => value.toLocaleString('en')),
  ]);
  process.stdout.write(`${formatTable(['DATASET', 'SAMPLES', 'REFUSED', 'BYTES'], rows)}\n`);
}

/** The messages that import a file; only the first says what is to be made of it. */
function importMessages(
  parts: AsyncIterable<UploadPart>,
  name: string,
  maxTokens: number,
): AsyncIterable<ImportDatasetRequest> {
  return messagesOf(parts, { name, maxTokens: BigInt(maxTokens) }, { name: '', maxTokens: 0n });
}

const importDataset = command({
  name: 'datasets import',
  usage: 'FILE.jsonl [--name NAME]',
  summary: 'send a file of samples, one JSON object on each line, and print which lines are not samples',
  details: `
  Every line for an sft job has messages, or a prompt and a completion, or text:
    {"messages": [{"role": "user", "content": "2+2?"}, {"role": "assistant", "content": "4"}]}
    {"prompt": "2+2=", "completion": "4"}
    {"text": "2+2=4"}
  Every line for an rft job has a prompt (or question) and an answer; if the answer has ####, only what follows is compared:
    {"prompt": "2+2=", "answer": "4", "verifier": "numeric", "family": "add", "level": 1}
    {"question": "How much is 2+2?", "answer": "It is 2+2=4. #### 4"}`,
  flags: {
    ...connectionFlags,
    ...jsonFlag,
    name: { type: 'string', value: 'NAME', doc: 'name of the data set; without --name, the name of the file' },
    'max-tokens': {
      type: 'string',
      default: '0',
      value: 'N',
      doc: 'most tokens of a sample, counted as bytes and markers; a file with a longer sample is refused. 0 sets no limit',
    },
  },
  async run({ flags, args, signal }) {
    const [file] = args;
    check(file !== undefined && args.length === 1, 'datasets import takes FILE.jsonl');
    const maxTokens = Number(flags['max-tokens']);
    check(
      Number.isSafeInteger(maxTokens) && maxTokens >= 0,
      `--max-tokens is '${flags['max-tokens']}'; it must be a whole number`,
    );
    const name = flags.name ?? basename(file).replace(/\.jsonl?$/, '');
    const client = new Connection(flags).client(DatasetServiceDefinition);
    const { dataset, refused } = await client.importDataset(importMessages(partsOfFile(file), name, maxTokens), {
      signal,
    });
    if (!dataset) throw new AppError('internal', 'The server sent no data set');
    print([dataset], flags.json);
    for (const { line, reason } of refused.slice(0, SHOWN)) process.stderr.write(`line ${line}: ${reason}\n`);
    if (dataset.malformed > SHOWN) process.stderr.write(`and ${dataset.malformed - SHOWN} more lines are no samples\n`);
    return 0;
  },
});

const names = Object.keys(suites) as SuiteName[];

const make = command({
  name: 'datasets make',
  usage: 'NAME --suite SUITE',
  summary: 'make a data set of tasks whose answers a program can check, and send the data set to the server',
  details: `
  Suites: ${names.map((name) => `${name} (${suites[name].families.join(', ')})`).join('; ')}.
  In suites with -fixed, all questions of a family have the same length, whatever their level. A line has prompt, answer,
  family and level for an rft job, and completion, which equals the answer, so that an sft job can train on the same data.`,
  flags: {
    ...connectionFlags,
    ...jsonFlag,
    suite: { type: 'string', value: 'SUITE', doc: `suite: ${names.join(', ')}` },
    families: {
      type: 'string',
      value: 'LIST',
      doc: 'task families, separated by commas, instead of the families of the suite',
    },
    levels: {
      type: 'string',
      default: `1-${LEVELS}`,
      value: 'A-B',
      doc: 'range of levels of difficulty, the easiest first',
    },
    count: { type: 'string', default: '2048', value: 'N', doc: 'number of tasks; no two tasks are equal' },
    split: {
      type: 'string',
      default: 'train',
      value: 'WORD',
      doc: 'train or test; the two splits have no question in common',
    },
    seed: { type: 'string', default: '1', value: 'N', doc: 'seed of the tasks; equal seeds make equal data sets' },
    out: { type: 'string', value: 'FILE', doc: 'write the lines to this file and send nothing to a server' },
  },
  async run({ flags, args, signal }) {
    const [name] = args;
    check(name !== undefined && args.length === 1, 'datasets make takes the NAME of the new data set');
    const lines = makeSuite(suiteOptions(flags)).map(taskLine);
    const bytes = Buffer.from(lines.join(''));
    if (flags.out !== undefined) {
      await writeFile(flags.out, bytes);
      return 0;
    }
    const client = new Connection(flags).client(DatasetServiceDefinition);
    const { dataset } = await client.importDataset(importMessages(partsOfBytes(bytes), name, 0), { signal });
    if (!dataset) throw new AppError('internal', 'The server sent no data set');
    print([dataset], flags.json);
    return 0;
  },
});

const list = command({
  name: 'datasets list',
  usage: '',
  summary: 'list the data sets of the server, newest first',
  flags: { ...connectionFlags, ...jsonFlag },
  async run({ flags, signal }) {
    const { datasets } = await new Connection(flags).client(DatasetServiceDefinition).listDatasets({}, { signal });
    print(datasets, flags.json);
    return 0;
  },
});

export const datasetsCommands = [importDataset, make, list];
