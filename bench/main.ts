/** Runs one benchmark: `npm run bench -- NAME`. A benchmark is a file beside this one that exports `run`. */

import { readdirSync } from 'node:fs';
import { main } from './shared/main.js';

const here = new URL('.', import.meta.url);
const files = readdirSync(here).filter((file) => file.endsWith('.js') && file !== 'main.js');

await main({
  command: 'bench',
  names: files.map((file) => file.slice(0, -'.js'.length)),
  moduleOf: (name) => new URL(`./${name}.js`, here),
  resultsOf: (name) => `bench/results/${name}.jsonl`,
});
