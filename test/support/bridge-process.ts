/** The bundled bridge as a child process. */

import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { GtpClient } from '../../clients/shared/gtp-client.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The one file that users copy. */
export const bundlePath = join(root, 'dist', 'tengen-gtp.cjs');

/** Makes the bundle from the sources as they are now; takes a fraction of a second. */
export function bundleBridge(): void {
  execFileSync(process.execPath, [join(root, 'scripts', 'bundle-gtp.mjs')], { stdio: 'pipe' });
}

/** Starts the bundle in an empty directory, as a GUI would from anywhere. */
export function startBridge(address: string, ...flags: string[]): GtpClient {
  const cwd = mkdtempSync(join(tmpdir(), 'tengen-gtp-'));
  return new GtpClient({ command: process.execPath, args: [bundlePath, address, ...flags], cwd });
}
