/** The other end of GTP: starts an engine as a child process and sends it commands, one answer a command, in order. */

import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { AppError } from '../../src/core/errors.js';
import { orAborted } from '../../src/core/signals.js';

export interface GtpProgram {
  /** An executable, found on PATH if it has no slash. */
  readonly command: string;
  readonly args?: readonly string[];
  readonly cwd?: string;
}

interface Waiting {
  readonly command: string;
  /** Called with each line of the reply as it comes, without the line feed. */
  readonly onLine: ((line: string) => void) | undefined;
  readonly lines: string[];
  resolve(text: string): void;
  reject(error: AppError): void;
}

/** How one command is sent. */
export interface SendOptions {
  readonly signal?: AbortSignal | undefined;
  /** Told of every line of the reply when it arrives, the first one included. */
  readonly onLine?: (line: string) => void;
}

/** Characters of stderr kept for error messages. */
const keptStderr = 2000;

/** A GTP engine in a child process. Its stderr is read and the last of it quoted when the program dies. */
export class GtpClient {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #program: GtpProgram;
  readonly #waiting: Waiting[] = [];
  #rest = '';
  #stderr = '';
  #dead: AppError | undefined;
  readonly #exited: Promise<void>;

  /** Starts the program; that it could not be started shows at the first `send`. */
  constructor(program: GtpProgram) {
    this.#program = program;
    this.#child = spawn(program.command, program.args ?? [], { ...(program.cwd ? { cwd: program.cwd } : {}) });
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => this.#read(text));
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-keptStderr);
    });
    // Writing to a program that is gone is reported by its exit.
    this.#child.stdin.on('error', () => undefined);
    this.#exited = new Promise((resolve) => {
      this.#child.once('error', (error) => {
        this.#die(`could not be started: ${error.message}`);
        resolve();
      });
      this.#child.once('close', (code, signal) => {
        this.#die(`ended with ${signal ?? `exit code ${code ?? 'unknown'}`}`);
        resolve();
      });
    });
  }

  /** The last of what the engine wrote to stderr. */
  get stderr(): string {
    return this.#stderr;
  }

  /** The child's process id; undefined if it could not be started. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  /**
   * Sends one command line and waits for its reply, without the leading `=`. Commands may be sent without waiting for
   * earlier ones.
   *
   * @throws AppError 'failed-precondition' with the engine's own text for a `?` reply, 'unavailable' if the program is
   *   gone, 'cancelled' or 'deadline-exceeded' by `signal` (the engine still works on the command then)
   */
  async send(command: string, options: SendOptions = {}): Promise<string> {
    options.signal?.throwIfAborted();
    if (this.#dead) throw this.#dead;
    const reply = new Promise<string>((resolve, reject) => {
      this.#waiting.push({ command, onLine: options.onLine, lines: [], resolve, reject });
    });
    this.#child.stdin.write(`${command}\n`);
    return orAborted(reply, options.signal);
  }

  /** Sends a bare line feed, which ends a running analysis and has no reply of its own. */
  interrupt(): void {
    if (!this.#dead) this.#child.stdin.write('\n');
  }

  /** Says `quit`, waits up to `graceMs` for the program to end and kills it otherwise. Never throws. */
  async close(graceMs = 3000): Promise<void> {
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), graceMs);
    try {
      if (!this.#dead) this.#child.stdin.end('quit\n');
      await this.#exited;
    } finally {
      clearTimeout(timer);
    }
  }

  #read(text: string): void {
    const lines = (this.#rest + text).replaceAll('\r', '').split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#readLine(line);
  }

  #readLine(line: string): void {
    const current = this.#waiting[0];
    // Engines may say hello before their first reply; whatever is not part of a reply is skipped.
    if (!current || (current.lines.length === 0 && !/^[=?]/.test(line))) return;
    if (line !== '') {
      current.lines.push(line);
      current.onLine?.(line);
      return;
    }
    this.#waiting.shift();
    const reply = current.lines.join('\n');
    const text = reply.replace(/^[=?]\d*/, '').trim();
    if (reply.startsWith('=')) current.resolve(text);
    else current.reject(new AppError('failed-precondition', `${this.#name()} refused '${current.command}': ${text}`));
  }

  #die(how: string): void {
    if (this.#dead) return;
    const said = this.#stderr.trim().split('\n').slice(-3).join(' / ');
    this.#dead = new AppError('unavailable', `${this.#name()} ${how}${said ? `; it said: ${said}` : ''}`);
    for (const waiting of this.#waiting.splice(0)) waiting.reject(this.#dead);
  }

  #name(): string {
    return [this.#program.command, ...(this.#program.args ?? [])].join(' ');
  }
}
