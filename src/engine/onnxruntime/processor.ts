/** What the processor can do, as far as it matters for how a graph is best written. */

import { readFileSync } from 'node:fs';

let known: readonly string[] | undefined;

/** Whether products of whole numbers of eight bits run on matrix tiles (AMX); false where the system does not say. */
export function hasMatrixTiles(): boolean {
  return processorFlags().includes('amx_int8');
}

/** The names of what the processor can do, as Linux gives them; none elsewhere. */
export function processorFlags(): readonly string[] {
  return (known ??= readFlags());
}

function readFlags(): string[] {
  try {
    return (/^flags\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? '').split(' ');
  } catch {
    return [];
  }
}
