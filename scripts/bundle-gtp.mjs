/** Bundles the GTP bridge and the analysis engine with everything it needs into one file, dist/tengen-gtp.cjs, that runs with plain Node. */

import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));

await build({
  absWorkingDir: root,
  entryPoints: ['clients/single-file/main.ts'],
  outfile: 'dist/tengen-gtp.cjs',
  bundle: true,
  platform: 'node',
  target: 'node20',
  // grpc-js and pino are CommonJS and ask for Node's modules with `require`, which an ES module does not have.
  format: 'cjs',
  legalComments: 'none',
  minifySyntax: true,
  minifyWhitespace: true,
  logLevel: 'warning',
});
