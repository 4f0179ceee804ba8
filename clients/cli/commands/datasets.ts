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
import { formatTable } from '../terminal/table.js';

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
  summary: 'send a file of samples, one JSON object a line; lines that are no samples are named',
  details: `
  Every line has messages, prompt and completion, or text:
    {"messages": [{"role": "user", "content": "2+2?"}, {"role": "assistant", "content": "4"}]}
    {"prompt": "2+2=", "completion": "4"}
    {"text": "2+2=4"}
  or, to learn from by reinforcement, a prompt (or question) and an answer, which may end with #### and the result:
    {"prompt": "2+2=", "answer": "4", "verifier": "numeric", "family": "add", "level": 1}
    {"question": "How much is 2+2?", "answer": "It is 2+2=4. #### 4"}`,
  flags: {
    ...connectionFlags,
    ...jsonFlag,
    name: { type: 'string', value: 'NAME', doc: 'what to call it; by default the name of the file' },
    'max-tokens': {
      type: 'string',
      default: '0',
      value: 'N',
      doc: 'refuse a file with a sample of more tokens (bytes and markers); 0 takes any',
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
  summary: 'make a data set of tasks whose answers a program can check, and send it',
  details: `
  Suites: ${names.map((name) => `${name} (${suites[name].families.join(', ')})`).join('; ')}.
  Those with -fixed have questions of one length for each family, whatever their level. A line has prompt, answer, family
  and level for an rft job, and completion, equal to the answer, so that an sft job can start a model on it.`,
  flags: {
    ...connectionFlags,
    ...jsonFlag,
    suite: { type: 'string', value: 'SUITE', doc: names.join(', ') },
    families: { type: 'string', value: 'LIST', doc: 'these families in place of those of the suite' },
    levels: { type: 'string', default: `1-${LEVELS}`, value: 'A-B', doc: 'from the easiest to the hardest' },
    count: { type: 'string', default: '2048', value: 'N', doc: 'tasks, all different' },
    split: { type: 'string', default: 'train', value: 'WORD', doc: 'train or test; they share no question' },
    seed: { type: 'string', default: '1', value: 'N', doc: 'equal seeds make equal data sets' },
    out: { type: 'string', value: 'FILE', doc: 'write the lines here and send nothing' },
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
  summary: 'the data sets that the server holds, the newest first',
  flags: { ...connectionFlags, ...jsonFlag },
  async run({ flags, signal }) {
    const { datasets } = await new Connection(flags).client(DatasetServiceDefinition).listDatasets({}, { signal });
    print(datasets, flags.json);
    return 0;
  },
});

export const datasetsCommands = [importDataset, make, list];
