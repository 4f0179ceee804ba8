/**
 * The engine side of GTP: a table of commands and the loop that answers them strictly in order, one reply a command,
 * however far ahead the sender is.
 */

import type { LineReader } from '../shared/lines.js';
import type { Command } from './command.js';
import { parseCommand } from './command.js';
import { refusal, refusalText } from './refusal.js';
import { formatResponse } from './response.js';

/** One call of a command. */
export interface Invocation {
  /** The name it was called by. */
  readonly name: string;
  readonly args: readonly string[];
  /** Aborts as soon as another line of input arrives, or the input ends; only analysis heeds it. */
  readonly moreInput: AbortSignal;
  /** Aborts when the program is told to stop. */
  readonly signal: AbortSignal;
}

/**
 * What a command answers: the text of the reply, or the lines of a reply that grows over time. Such a reply starts with
 * its first line, so an iterable that throws before that is still a plain `?` reply.
 */
export type Reply = string | AsyncIterable<string>;

/** Answers one call; throws a `refusal` (or any AppError) to answer `?`. */
export type Handler = (invocation: Invocation) => Reply | Promise<Reply>;

/** Commands by name; `list_commands` and `known_command` read it. */
export type CommandTable = ReadonlyMap<string, Handler>;

/** Where the loop reads, writes and reports. */
export interface LoopOptions {
  readonly lines: LineReader;
  /** Writes text to the client; the loop waits for it, so a slow reader slows the engine. */
  readonly write: (text: string) => Promise<void>;
  /** Told of every error that is not a plain refusal. */
  readonly onError: (error: unknown, command: Command) => void;
  /** Called when the engine has nothing to do, until more input arrives. */
  readonly idle?: (moreInput: AbortSignal) => Promise<void>;
  readonly signal: AbortSignal;
}

/** Answers commands until `quit`, the end of the input or `signal`. */
export async function runLoop(commands: CommandTable, options: LoopOptions): Promise<void> {
  const { lines, signal, idle } = options;
  const stop = (): void => lines.end();
  signal.addEventListener('abort', stop, { once: true });
  try {
    while (!signal.aborted) {
      const moreInput = lines.whenMore();
      if (idle && !moreInput.aborted) await idle(moreInput);
      const line = await lines.next();
      if (line === undefined) return;
      const command = parseCommand(line);
      if (!command) continue;
      if (line.length > lines.maxLineLength) {
        const text = `the line has more than ${lines.maxLineLength} characters, which is the most that is read`;
        await options.write(formatResponse(command, { ok: false, text }));
        continue;
      }
      await answer(commands, command, options);
      if (command.name === 'quit') return;
    }
  } finally {
    signal.removeEventListener('abort', stop);
    lines.end();
  }
}

async function answer(commands: CommandTable, command: Command, options: LoopOptions): Promise<void> {
  const { lines, write, onError, signal } = options;
  let started = false;
  try {
    const handler = commands.get(command.name);
    if (!handler) throw refusal('unknown command');
    const reply = await handler({ name: command.name, args: command.args, moreInput: lines.whenMore(), signal });
    if (typeof reply === 'string') {
      await write(formatResponse(command, { ok: true, text: reply }));
      return;
    }
    for await (const line of reply) {
      await write(started ? `${line}\n` : `=${command.id}\n${line}\n`);
      started = true;
    }
    await write(started ? '\n' : `=${command.id}\n\n`);
  } catch (error) {
    onError(error, command);
    await write(started ? '\n' : formatResponse(command, { ok: false, text: refusalText(error) }));
  }
}
