// What some tests need from Debian; see test/support/needs.ts for what happens where it is missing.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

function missingPackages() {
  const missing = [];
  if (!existsSync('/usr/games/gnugo') && spawnSync('gnugo', ['--version']).error) missing.push('gnugo');
  if (spawnSync('/usr/bin/python3', ['-c', 'import grpc_tools, grpc']).status !== 0)
    missing.push('python3-grpcio', 'python3-grpc-tools');
  if (!existsSync('/usr/bin/chromium')) missing.push('chromium');
  if (spawnSync('strace', ['-V']).error) missing.push('strace');
  return missing;
}

function install(packages) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  if (spawnSync('apt-get', ['--version']).error || process.getuid?.() !== 0) return 'needs apt and root';
  spawnSync('apt-get', ['update', '-q'], { stdio: 'ignore', env });
  const args = ['install', '-y', '-q', '--no-install-recommends', ...packages];
  return spawnSync('apt-get', args, { stdio: 'ignore', env }).status === 0 ? undefined : 'apt-get failed';
}

/** Installs what is missing if TENGEN_TEST_INSTALL is 1; otherwise, and where that fails, says what tests have to do without. */
export function systemPackages(env, say = console.log, missing = missingPackages(), installAll = install) {
  if (missing.length === 0) return;
  const names = missing.join(', ');
  if (env.TENGEN_TEST_INSTALL !== '1') {
    say(`skipped: tests that need ${names}; TENGEN_TEST_INSTALL=1 installs what is missing, with apt and as root`);
    return;
  }
  const failure = installAll(missing);
  say(failure === undefined ? `installed ${names}` : `skipped: tests that need ${names}; not installed: ${failure}`);
}
