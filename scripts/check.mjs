// The whole of `npm test`, cheapest first. Every step is one check; the last line counts checks and tests together.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const bin = (name) => join('node_modules', '.bin', name);
const generated = mkdtempSync(join(tmpdir(), 'tengen-generated-'));
const report = join(generated, 'report.json');
const steps = [
  ['generated code is fresh', ['node', 'scripts/check-generated.mjs']],
  ['proto lint', [bin('buf'), 'lint']],
  ['format', [bin('prettier'), '--check', '--log-level', 'warn', '.']],
  ['types', [bin('tsc'), '-p', 'tsconfig.json']],
  ['lint', [bin('eslint'), 'src', 'clients', 'bench', 'test']],
  ['boundaries', [bin('depcruise'), 'src', 'clients', '--output-type', 'err']],
  ['unused', [bin('knip')]],
  ['build', ['npm', 'run', '--silent', 'build']],
  ['settings are documented', ['node', 'scripts/make-config-docs.mjs', '--check']],
  ['access is documented', ['node', 'scripts/make-access-docs.mjs', '--check']],
];

let passed = 0;
let failed = 0;
installSystemPackages();
for (const [name, [command, ...args]] of steps) {
  const started = Date.now();
  const { status } = spawnSync(command, args, { stdio: 'inherit' });
  console.log(`${status === 0 ? 'ok    ' : 'FAILED'} ${name} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
  if (status === 0) passed++;
  else failed++;
}
spawnSync(bin('vitest'), ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`], {
  stdio: 'inherit',
});
let skipped = 0;
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
rmSync(generated, { recursive: true });
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exitCode = failed === 0 ? 0 : 1;

/** What some tests need from Debian. Where apt or the right to use it is missing, those tests skip and say so. */
function installSystemPackages() {
  const needed = [];
  if (!existsSync('/usr/games/gnugo') && spawnSync('gnugo', ['--version']).error) needed.push('gnugo');
  if (spawnSync('/usr/bin/python3', ['-c', 'import grpc_tools, grpc']).status !== 0)
    needed.push('python3-grpcio', 'python3-grpc-tools');
  if (!existsSync('/usr/bin/chromium')) needed.push('chromium');
  if (spawnSync('strace', ['-V']).error) needed.push('strace');
  if (needed.length === 0) return;
  if (spawnSync('apt-get', ['--version']).error || process.getuid?.() !== 0) {
    console.log(
      `skipped: ${needed.join(', ')} cannot be installed here (needs apt and root); the tests that use them skip`,
    );
    return;
  }
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  spawnSync('apt-get', ['update', '-q'], { stdio: 'ignore', env });
  const { status } = spawnSync('apt-get', ['install', '-y', '-q', '--no-install-recommends', ...needed], {
    stdio: 'ignore',
    env,
  });
  console.log(`${status === 0 ? 'installed' : 'skipped: could not install'} ${needed.join(', ')}`);
}
