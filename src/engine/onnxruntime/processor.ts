/** What the processor can do, as far as it matters for how a graph is best written. */

import { readFileSync } from 'node:fs';

let known: boolean | undefined;

/** Whether products of whole numbers of eight bits run on matrix tiles (AMX); false where the system does not say. */
export function hasMatrixTiles(): boolean {
  known ??= processorFlags().includes('amx_int8');
  return known;
}

function processorFlags(): string[] {
  try {
    return (/^flags\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? '').split(' ');
  } catch {
    return [];
  }
}
