// Writes src/core/version.ts from package.json; with --check, fails unless it is up to date.
import { readFileSync, writeFileSync } from 'node:fs';

const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
const text = [
  '/** Generated from package.json by `npm run generate`: a program in one file has no package.json beside it. */',
  `export const packageVersion = '${version}';`,
  '',
].join('\n');

if (!process.argv.includes('--check')) writeFileSync('src/core/version.ts', text);
else if (readFileSync('src/core/version.ts', 'utf8') !== text) {
  console.error('src/core/version.ts is not what package.json says; run npm run generate');
  process.exitCode = 1;
}
