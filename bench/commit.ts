/** Which code a result belongs to. */

import { execFileSync } from 'node:child_process';

/** The commit of the code, with '-dirty' where the work tree differs from it, or 'unknown' outside a repository. */
export function commit(): string {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty', '--exclude', '*'], { encoding: 'utf8' }).trim();
  } catch {
    return 'unknown';
  }
}
