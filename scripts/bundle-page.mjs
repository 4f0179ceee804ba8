/** Bundles the page (clients/web) with everything it needs into dist/page, which the server serves. */

import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const out = join(root, 'dist/page');

const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: [
    { in: 'clients/web/main.tsx', out: 'page' },
    { in: 'clients/web/style.css', out: 'page' },
  ],
  outdir: out,
  bundle: true,
  platform: 'browser',
  target: 'es2023',
  format: 'esm',
  jsx: 'automatic',
  jsxImportSource: 'preact',
  loader: { '.svg': 'file', '.png': 'file' },
  legalComments: 'none',
  minify: true,
  metafile: true,
  logLevel: 'warning',
});
for (const name of ['index.html', 'icon.svg']) copyFileSync(join(root, 'clients/web', name), join(out, name));

// The licences of the packages that are part of the bundle ask to be kept with it.
const packages = Object.keys(metafile.inputs).flatMap(
  (path) => /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? [],
);
const licences = [...new Set(packages)].sort().map((name) => {
  const read = (file) => readFileSync(join(root, 'node_modules', name, file), 'utf8');
  const { version, license } = JSON.parse(read('package.json'));
  let text = `License: ${license}`;
  for (const file of ['LICENSE', 'LICENSE.md', 'license']) {
    try {
      text = read(file).trim();
      break;
    } catch {
      // The next name may be the one.
    }
  }
  return `${name} ${version}\n\n${text}\n`;
});
writeFileSync(join(out, 'licences.txt'), licences.join(`\n${'-'.repeat(80)}\n\n`));
