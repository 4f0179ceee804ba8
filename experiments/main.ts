/**
 * Runs one experiment: `npm run experiment -- NAME`. NAME is a folder beside this file, or a folder in such a folder
 * (`curriculum/signal`), whose run.ts exports `run`.
 */

import { readdirSync } from 'node:fs';
import { basename, dirname, sep } from 'node:path';
import { main } from '../bench/shared/main.js';

const here = new URL('.', import.meta.url);
const files = readdirSync(here, { recursive: true, encoding: 'utf8' }).filter((file) => basename(file) === 'run.js');

await main({
  command: 'experiment',
  names: files.map((file) => dirname(file).replaceAll(sep, '/')).sort(),
  moduleOf: (name) => new URL(`./${name}/run.js`, here),
  resultsOf: (name) => {
    const [folder, part = folder] = name.split('/');
    return `experiments/${folder}/results/${part}.jsonl`;
  },
});
