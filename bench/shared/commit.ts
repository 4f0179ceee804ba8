/** Which code a result belongs to. */

import { execFileSync } from 'node:child_process';

/** The commit of the code, with '-dirty' where anything but results differs from it, or 'unknown' outside a repository. */
export function commit(folder = '.'): string {
  const git = (...args: string[]): string =>
    execFileSync('git', args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  try {
    // From the folder of a run upwards: results that are being written are not code.
    const results = [':(top,exclude)bench/results', ':(top,exclude,glob)experiments/*/results/**'];
    const changed = git('status', '--porcelain', '--untracked-files=no', '--', ':(top)', ...results);
    return git('rev-parse', '--short', 'HEAD') + (changed === '' ? '' : '-dirty');
  } catch {
    return 'unknown';
  }
}
