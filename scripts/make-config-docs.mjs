// Writes docs/config.md from the schemas; with --check, fails unless it is up to date. Needs a build.
import { readFileSync, writeFileSync } from 'node:fs';
import { describeAllowed, describeDefault, flagName } from '../dist/src/core/config.js';
import { alphaZeroSchema } from '../dist/src/trainer/alphazero/schema.js';
import { rftSchema } from '../dist/src/trainer/rft/job-config.js';
import { growSchema } from '../dist/src/trainer/grow/config.js';
import { sftSchema } from '../dist/src/trainer/sft/config.js';
import { bridgeSchema } from '../dist/clients/gtp-bridge/config.js';
import { environmentName, serverSchema } from '../dist/src/server/config.js';

const cell = (text) => String(text).replaceAll('|', '\\|');
const defaultOf = (field) =>
  field.default === '' || field.defaultName ? cell(describeDefault(field)) : `\`${cell(describeDefault(field))}\``;
const table = (schema, nameOf, extra) => [
  `| setting | default | allowed | meaning |`,
  `|---|---|---|---|`,
  ...Object.entries(schema).map(
    ([key, field]) =>
      `| ${nameOf(key)} | ${defaultOf(field)} | ${cell(describeAllowed(field))} | ${cell(field.doc)}${extra?.(key) ?? ''} |`,
  ),
];
const text = [
  '# Settings',
  '',
  '`npm run generate` makes this page from the schemas in the code. A setting with an unknown name is refused; the error names the nearest known setting.',
  '',
  '## The server',
  '',
  'Each setting is read from a flag of `tengen serve`, else from its environment variable, else from the JSON file that `--config` names; else it has its default.',
  '',
  ...table(serverSchema, (key) => `\`--${flagName(key)}\`<br>\`${environmentName(key)}\``),
  '',
  '## The `alphazero` job',
  '',
  '`tengen jobs create alphazero MODEL --set NAME=VALUE` sets a setting; so does `tengen quickstart --set NAME=VALUE`. The server stores all settings with the job.',
  '',
  ...table(alphaZeroSchema, (key) => `\`${key}\``),
  '',
  '## The `sft` job',
  '',
  '`tengen jobs create sft MODEL --set dataset=NAME --set NAME=VALUE` sets a setting. The server stores all settings with the job.',
  '',
  ...table(sftSchema, (key) => `\`${key}\``),
  '',
  '## The `rft` job',
  '',
  '`tengen jobs create rft MODEL --set dataset=NAME --set NAME=VALUE` sets a setting. The server stores all settings with the job.',
  '',
  ...table(rftSchema, (key) => `\`${key}\``),
  '',
  '## The `grow` job',
  '',
  '`tengen models grow` or `tengen jobs create grow MODEL --set NAME=VALUE` sets a setting. The server stores all settings with the job.',
  '',
  ...table(growSchema, (key) => `\`${key}\``),
  '',
  '## The GTP bridge',
  '',
  'Flags of `tengen gtp` and of the single-file bundle, `dist/tengen-gtp.cjs`.',
  '',
  ...table(bridgeSchema, (key) => `\`--${flagName(key)}\``),
  '',
].join('\n');

if (!process.argv.includes('--check')) writeFileSync('docs/config.md', text);
else if (readFileSync('docs/config.md', 'utf8') !== text) {
  console.error('docs/config.md is not what the schemas say; run npm run generate');
  process.exitCode = 1;
}
