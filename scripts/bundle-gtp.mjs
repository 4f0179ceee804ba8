/** Bundles the GTP bridge and the analysis engine with everything it needs into one file, dist/tengen-gtp.cjs, that runs with plain Node. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

await build({
  absWorkingDir: root,
  entryPoints: ['clients/single-file/main.ts'],
  outfile: 'dist/tengen-gtp.cjs',
  bundle: true,
  platform: 'node',
  target: 'node20',
  // grpc-js and pino are CommonJS and ask for Node's modules with `require`, which an ES module does not have.
  format: 'cjs',
  define: { TENGEN_VERSION: JSON.stringify(version) },
  legalComments: 'none',
  minifySyntax: true,
  minifyWhitespace: true,
  logLevel: 'warning',
});
