/** A GTP engine with KataGo's analysis commands as another process, as a GUI runs it: ours over its bridge, or KataGo. */

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startLocalServer, TengenProcess } from '../../clients/cli/child.js';
import { Condition } from '../../src/core/condition.js';
import { AppError } from '../../src/core/errors.js';

const bridgeScript = fileURLToPath(new URL('../../../dist/tengen-gtp.cjs', import.meta.url));

/** Starts a server that has a network of KataGo's as `net`, and stops it when `work` is done. */
export async function withServedNetwork<T>(network: string, work: (address: string) => Promise<T>): Promise<T> {
  const dataDir = mkdtempSync(join(tmpdir(), 'tengen-bench-'));
  try {
    const { signal } = new AbortController();
    const { server, address } = await startLocalServer(dataDir, ['--no-page', '--log-level', 'warn'], signal);
    try {
      const flags = ['--name', 'net', '--address', address, '--json'];
      const importing = new TengenProcess(['models', 'import', network, ...flags]);
      await importing.firstLine(signal);
      await importing.exited;
      return await work(address);
    } finally {
      await server.stop();
    }
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}

/** Our bridge to a model of a server, by default the network that `withServedNetwork` serves. */
export function startBridge(
  address: string,
  model = 'net',
  analysisVisits = 10_000_000,
  more: readonly string[] = [],
): AnalysisEngine {
  const flags = [address, '--model', model, '--analysis-visits', String(analysisVisits), ...more];
  return new AnalysisEngine(process.execPath, [bridgeScript, ...flags]);
}

export class AnalysisEngine {
  readonly #child: ChildProcess;
  readonly #name: string;
  #output = '';
  readonly #changed = new Condition();

  constructor(command: string, args: readonly string[], stderr: 'inherit' | 'ignore' = 'inherit') {
    this.#name = command;
    this.#child = spawn(command, args, { stdio: ['pipe', 'pipe', stderr] });
    this.#child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      this.#output += text;
      this.#changed.notifyAll();
    });
    this.#child.once('error', () => this.#changed.notifyAll());
    this.#child.once('close', () => this.#changed.notifyAll());
    this.#child.stdin!.on('error', () => this.#changed.notifyAll());
  }

  /** Sends a command and waits for its answer. */
  async ask(command: string): Promise<string> {
    this.#output = '';
    this.#child.stdin!.write(`${command}\n`);
    return this.#until(/\n\n/);
  }

  /** Analyses for so long after the first line; how long that took, and the speed between it and the last. */
  async analyze(ms: number): Promise<{ firstMs: number; visitsPerSecond: number }> {
    this.#output = '';
    const started = performance.now();
    // The interval of Sabaki: half a second.
    this.#child.stdin!.write('kata-analyze 50 rootInfo true\n');
    await this.#until(/info move [^\n]*\n/);
    const firstMs = performance.now() - started;
    if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms));
    await this.#finish();
    const visits = [...this.#output.matchAll(/rootInfo[^\n]*? visits (\d+)/g)].map((match) => Number(match[1]));
    return { firstMs, visitsPerSecond: visits.at(-1)! / ((performance.now() - started) / 1000) };
  }

  async close(): Promise<void> {
    if (this.#hasEnded) return;
    this.#child.stdin!.end('quit\n');
    await once(this.#child, 'close');
  }

  /** Any input ends an analysis. */
  async #finish(): Promise<void> {
    this.#child.stdin!.write('\n');
    await this.#until(/\n\n/);
  }

  get #hasEnded(): boolean {
    return this.#child.pid === undefined || this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  async #until(pattern: RegExp): Promise<string> {
    while (!pattern.test(this.#output)) {
      // A command that failed never says what is waited for.
      if (/^\?[\s\S]*\n\n/.test(this.#output)) break;
      if (this.#hasEnded) throw new AppError('unavailable', `'${this.#name}' did not start, or ended in the middle`);
      await this.#changed.wait();
    }
    if (this.#output.startsWith('?')) throw new AppError('failed-precondition', this.#output.trim());
    return this.#output;
  }
}
