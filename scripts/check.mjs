// The whole of `npm test`, cheapest first. Every step is one check; the last line counts checks and tests together.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runChecks } from './run-checks.mjs';
import { systemPackages } from './system-packages.mjs';

const bin = (name) => join('node_modules', '.bin', name);
const generated = mkdtempSync(join(tmpdir(), 'tengen-generated-'));
const report = join(generated, 'report.json');
const steps = [
  ['generated code is fresh', ['node', 'scripts/check-generated.mjs']],
  ['the version is that of the package', ['node', 'scripts/make-version.mjs', '--check']],
  ['proto lint', [bin('buf'), 'lint']],
  ['format', [bin('prettier'), '--check', '--log-level', 'warn', '.']],
  ['types', [bin('tsc'), '-p', 'tsconfig.json']],
  ['lint', [bin('eslint'), 'src', 'clients', 'bench', 'experiments', 'test']],
  ['boundaries', [bin('depcruise'), 'src', 'clients', 'bench', 'experiments', '--output-type', 'err']],
  ['unused', [bin('knip')]],
  ['build', ['npm', 'run', '--silent', 'build:bench']],
  ['settings are documented', ['node', 'scripts/make-config-docs.mjs', '--check']],
  ['access is documented', ['node', 'scripts/make-access-docs.mjs', '--check']],
];

systemPackages(process.env);
let { passed, failed, stopped } = runChecks(steps, 'build');
let skipped = 0;
if (!stopped) runTests();
rmSync(generated, { recursive: true });
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exitCode = failed === 0 ? 0 : 1;

/** Runs every test and adds them up. */
function runTests() {
  spawnSync(bin('vitest'), ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`], {
    stdio: 'inherit',
  });
  if (existsSync(report)) {
    const result = JSON.parse(readFileSync(report, 'utf8'));
    passed += result.numPassedTests;
    failed += result.numFailedTests;
    skipped = result.numPendingTests + result.numTodoTests;
    // A file that fails outside its tests (a broken import, a hook) counts as one failure.
    failed += result.testResults.filter(
      (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
    ).length;
  } else failed++;
}
