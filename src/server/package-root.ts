/** Where the package is, whether it runs from src/ or from dist/: what is read at run time stands beside both. */

import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AppError } from '../core/errors.js';

/** The folder that holds package.json and proto/. */
export function packageRoot(): string {
  const start = dirname(fileURLToPath(import.meta.url));
  for (let folder = start; folder !== dirname(folder); folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) return folder;
  }
  throw new AppError('internal', `There is no package.json above '${start}'`);
}
