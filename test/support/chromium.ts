/** Debian's Chromium for the tests of the page: a new profile each time, and nothing that talks to the outside. */

import { existsSync } from 'node:fs';
import { chromium, type Browser } from 'playwright-core';
import { isMissing } from './needs.js';

const executablePath = '/usr/bin/chromium';

/** Whether there is one; a test skips without it. */
export const hasChromium = !isMissing('chromium', existsSync(executablePath));

const args = [
  ...['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-sync'],
  ...['--disable-background-networking', '--disable-component-update'],
];

/** Starts it, without a window. */
export function startChromium(): Promise<Browser> {
  return chromium.launch({ executablePath, args });
}
