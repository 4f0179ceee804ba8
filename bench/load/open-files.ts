/** The system's limit of open files, which every connection counts against, and the connections of a server. */

import { readFileSync } from 'node:fs';
import { AppError } from '../../src/core/errors.js';

/** Files of a process beside its connections: libraries, the database, pipes of threads. */
const OTHERS = 200;
/** The state of /proc/net/tcp in which both sides can send. */
const ESTABLISHED = '01';

/** @throws AppError 'failed-precondition' naming the limit and the value needed if so many connections do not fit */
export function checkOpenFiles(connections: number): void {
  const report = process.report.getReport() as { userLimits?: { open_files?: { hard: number | string } } };
  const limit = report.userLimits?.open_files?.hard;
  const needed = connections + OTHERS;
  // Node raises the soft limit to the hard one at its start.
  if (typeof limit !== 'number' || limit >= needed) return;
  throw new AppError(
    'failed-precondition',
    `A process may open ${limit} files here ('ulimit -Hn'); a server with ${connections} clients needs ${needed}`,
  );
}

/** Connections to a port of 127.0.0.1, as Linux counts them. @param address host:port */
export function connectionsTo(address: string): number {
  const port = Number(address.slice(address.lastIndexOf(':') + 1));
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const rows = readFileSync('/proc/net/tcp', 'utf8').split('\n');
  return rows.filter((row) => {
    const [, own = '', , state] = row.trim().split(/\s+/);
    return own.endsWith(local) && state === ESTABLISHED;
  }).length;
}
