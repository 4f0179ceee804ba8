/** The streams of a process whose stdout belongs to a protocol. */

import type { Writable } from 'node:stream';
import { pino, type Logger } from 'pino';

/** Resolves when the text is handed over, so that a slow reader slows whoever writes. */
export function writeText(output: Writable, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    output.write(text, (error) => (error ? reject(error) : resolve()));
  });
}

/** A log on stderr, which GUIs show in a console. */
export function stderrLog(name: string): Logger {
  return pino({ name, base: null }, pino.destination({ fd: 2, sync: true }));
}

/** Whether writing failed because nobody reads any more. */
export function isBrokenPipe(thrown: unknown): boolean {
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : '';
  return code === 'EPIPE' || code === 'ERR_STREAM_DESTROYED' || code === 'ERR_STREAM_WRITE_AFTER_END';
}
