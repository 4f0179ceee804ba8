/**
 * How soon an analysis says something, and how fast it goes on: a real server, a real bridge process and a network of
 * KataGo's on loopback. For positions along a game of random moves, the time from writing `kata-analyze` to the first
 * `info` in the answer; then the visits a second of an analysis of the empty board, on 9×9 and 19×19.
 */

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startLocalServer, TengenProcess } from '../clients/cli/child.js';
import { AppError } from '../src/core/errors.js';
import { makeOpeningBook } from '../src/go/opening-book.js';
import { defaultRules } from '../src/go/rules.js';
import { formatVertex } from '../src/go/vertex.js';
import { Rng } from '../src/core/rng.js';
import { usualNetwork } from './strength/network.js';

const bridgeScript = fileURLToPath(new URL('../tengen-gtp.cjs', import.meta.url));

/** `--net` a `.bin.gz`, `--positions` on 9×9, `--seconds` of each analysis whose speed is measured. */
export async function run(args: string[]): Promise<Record<string, unknown>> {
  const { values: flags } = parseArgs({
    args,
    options: {
      net: { type: 'string', default: usualNetwork },
      positions: { type: 'string', default: '20' },
      seconds: { type: 'string', default: '10' },
    },
  });
  const dataDir = mkdtempSync(join(tmpdir(), 'tengen-latency-'));
  try {
    const { signal } = new AbortController();
    const { server, address } = await startLocalServer(dataDir, ['--no-page', '--log-level', 'warn'], signal);
    try {
      const importing = new TengenProcess([
        'models',
        'import',
        flags.net,
        '--name',
        'net',
        '--address',
        address,
        '--json',
      ]);
      await importing.firstLine(signal);
      await importing.exited;
      return await measure(address, Number(flags.positions), Number(flags.seconds));
    } finally {
      await server.stop();
    }
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}

async function measure(address: string, positions: number, seconds: number): Promise<Record<string, unknown>> {
  const bridge = new Bridge(address);
  try {
    const firstMs: number[] = [];
    await bridge.ask('boardsize 9');
    // Compiles the network for this size; a user waits for that once in the life of a server.
    await bridge.analyze(0);
    const book = { size: 9, rules: defaultRules(9), count: positions };
    for (let position = 0; position < positions; position++) {
      const [moves = []] = makeOpeningBook({ ...book, plies: 2 * position, count: 1 }, new Rng(position));
      await bridge.ask('clear_board');
      for (const [turn, move] of moves.entries()) await bridge.ask(`play ${'bw'[turn % 2]!} ${formatVertex(move, 9)}`);
      firstMs.push((await bridge.analyze(0)).firstMs);
    }
    const speeds: Record<number, number> = {};
    for (const size of [9, 19]) {
      await bridge.ask(`boardsize ${size}`);
      await bridge.analyze(0);
      await bridge.ask('clear_board');
      speeds[size] = (await bridge.analyze(seconds * 1000)).visitsPerSecond;
    }
    firstMs.sort((a, b) => a - b);
    return {
      firstInfoMs: quantile(firstMs, 0.5),
      firstInfoMs90: quantile(firstMs, 0.9),
      positions,
      visitsPerSecond9: Math.round(speeds[9]!),
      visitsPerSecond19: Math.round(speeds[19]!),
    };
  } finally {
    await bridge.close();
  }
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
}

/** The bridge, as a GUI runs it. */
class Bridge {
  readonly #child: ChildProcess;
  #output = '';
  #wake: () => void = () => undefined;

  constructor(address: string) {
    const flags = [address, '--model', 'net', '--analysis-visits', '10000000'];
    this.#child = spawn(process.execPath, [bridgeScript, ...flags], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      this.#output += text;
      this.#wake();
    });
    this.#child.once('close', () => this.#wake());
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
    const visits = [...this.#output.matchAll(/rootInfo visits (\d+)/g)].map((match) => Number(match[1]));
    return { firstMs, visitsPerSecond: visits.at(-1)! / ((performance.now() - started) / 1000) };
  }

  /** Any input ends an analysis. */
  async #finish(): Promise<void> {
    this.#child.stdin!.write('\n');
    await this.#until(/\n\n/);
  }

  async #until(pattern: RegExp): Promise<string> {
    while (!pattern.test(this.#output)) {
      if (this.#child.exitCode !== null) throw new AppError('unavailable', 'The bridge ended in the middle');
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    if (this.#output.startsWith('?')) throw new AppError('failed-precondition', this.#output.trim());
    return this.#output;
  }

  async close(): Promise<void> {
    this.#child.stdin!.end('quit\n');
    if (this.#child.exitCode === null) await once(this.#child, 'close');
  }
}
