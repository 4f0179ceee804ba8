/** Holds a data folder against what was acknowledged. */

import { anything, type Ledger } from './ledger.js';
import type { Inspection } from './inspect.js';

/** Acknowledged keys that the folder does not have, or has with a value that they may not have. */
export function findLost(ledger: Ledger, { values }: Inspection): string[] {
  const lost: string[] = [];
  for (const [key, allowed] of ledger.allowed()) {
    const value = values.get(key);
    if (value === undefined) lost.push(`${key} is not there`);
    else if (!allowed.has(value) && !allowed.has(anything)) {
      lost.push(`${key} is ${value}; it was acknowledged as ${[...allowed].join(' or ')}`);
    }
  }
  return lost;
}

/** Data sets and models of these names that nobody has sent as they are. */
export function findUnsent(ledger: Ledger, { values }: Inspection): string[] {
  const sent = ledger.values('sent');
  const names = [...values].filter(([key]) => key.startsWith('dataset ') || key.startsWith('model up-'));
  return names.filter(([, sha256]) => !sent.has(sha256)).map(([key]) => `${key} is no file that was sent`);
}
