/** Structured logs to stderr; stdout belongs to the output of commands. */

import { destination, pino, type Logger } from 'pino';

/** A logger that writes JSON lines. */
export function makeLogger(level: string): Logger {
  return pino({ level, base: null }, destination({ dest: 2, sync: true }));
}
