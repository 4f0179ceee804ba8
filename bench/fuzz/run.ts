/** Cuts the cases into blocks of one target each, runs them, and asks what is known after each block. */

import { check } from '../../src/core/errors.js';
import { Rng } from '../../src/core/rng.js';
import { AnalysisTarget } from './analysis-target.js';
import { CheckpointTarget, FileTarget } from './file-target.js';
import { GrpcTarget } from './grpc-target.js';
import { GtpTarget } from './gtp-target.js';
import { HttpTarget } from './http-target.js';
import type { Finding } from './verdict.js';
import { World } from './world.js';

export interface FuzzOptions {
  readonly cases: number;
  readonly seed: number;
  /** One case alone, by its number. */
  readonly only: number | undefined;
  /** One target alone; empty for all. */
  readonly target: string;
  /** Time that an answer may take, in ms. */
  readonly boundMs: number;
}

/** Something that takes cases. */
interface Target {
  run(rng: Rng): Promise<Finding | undefined>;
  close?(): Promise<void>;
}

interface Kind {
  readonly name: string;
  /** Cases at once. */
  readonly inFlight: number;
  /** Blocks of it in a round of all. */
  readonly share: number;
  make(world: World): Target;
}

const kinds: readonly Kind[] = [
  { name: 'grpc', inFlight: 64, share: 12, make: (world) => new GrpcTarget(world) },
  { name: 'files', inFlight: 16, share: 4, make: (world) => new FileTarget(world) },
  { name: 'page', inFlight: 64, share: 4, make: (world) => new HttpTarget(world, 'page') },
  { name: 'metrics', inFlight: 64, share: 2, make: (world) => new HttpTarget(world, 'metrics') },
  { name: 'gtp', inFlight: 32, share: 8, make: (world) => new GtpTarget(world, 'gtp') },
  { name: 'sgf', inFlight: 32, share: 4, make: (world) => new GtpTarget(world, 'sgf') },
  { name: 'analysis', inFlight: 32, share: 5, make: (world) => new AnalysisTarget(world) },
  { name: 'checkpoints', inFlight: 1, share: 1, make: (world) => new CheckpointTarget(world) },
];

/** Most cases between two probes. */
const BLOCK = 500;
/** Cases before everything begins anew: jobs and models add up. */
const LIFE = 20_000;

/** Runs the cases. @throws AppError 'invalid-argument' for a target that is none */
export async function fuzz(options: FuzzOptions): Promise<Record<string, unknown>> {
  const run = new Run(options);
  const started = performance.now();
  try {
    await run.all();
  } finally {
    await run.close();
  }
  const { counts, casesOf } = run;
  const cases = Object.values(casesOf).reduce((a, b) => a + b, 0);
  const casesPerSecond = Math.round((1000 * cases) / (performance.now() - started));
  return { cases, ...counts, casesPerSecond, casesOf, seed: options.seed };
}

class Run {
  readonly counts = { crashes: 0, hangs: 0, unclear: 0 };
  readonly casesOf: Record<string, number> = {};
  readonly #options: FuzzOptions;
  readonly #order: readonly Kind[];
  readonly #size: number;
  readonly #targets = new Map<string, Target>();
  #world: World | undefined;

  constructor(options: FuzzOptions) {
    this.#options = options;
    const wanted = kinds.filter(({ name }) => options.target === '' || options.target === name);
    check(
      wanted.length > 0,
      () => `--target is '${options.target}'; it must be one of ${kinds.map(({ name }) => name).join(', ')}`,
    );
    this.#order = interleaved(wanted);
    // A short run tries everything, too.
    this.#size = Math.min(BLOCK, Math.max(10, Math.ceil(options.cases / this.#order.length)));
  }

  async all(): Promise<void> {
    const { cases, only } = this.#options;
    if (only !== undefined) return this.#block(only, only + 1);
    let begun = 0;
    for (let from = 0; from < cases; from += this.#size) {
      if (from - begun >= LIFE) {
        await this.#end();
        begun = from;
      }
      await this.#block(from, Math.min(cases, from + this.#size));
    }
  }

  async close(): Promise<void> {
    await this.#end();
  }

  async #block(from: number, to: number): Promise<void> {
    const kind = this.#order[Math.floor(from / this.#size) % this.#order.length]!;
    const world = (this.#world ??= await World.start(this.#options.boundMs));
    const target = this.#targets.get(kind.name) ?? kind.make(world);
    this.#targets.set(kind.name, target);
    // Cases that were under way when the server ended.
    const suspects: number[] = [];
    let next = from;
    const lane = async (): Promise<void> => {
      while (next < to && world.lives()) {
        const number = next++;
        const finding = await this.#case(target, number);
        if (!world.lives()) suspects.push(number);
        if (finding) this.#report(kind, number, finding);
        this.casesOf[kind.name] = (this.casesOf[kind.name] ?? 0) + 1;
      }
    };
    await Promise.all(Array.from({ length: kind.inFlight }, lane));
    await this.#after(world, kind, suspects.length > 0 ? suspects : [from, next - 1]);
  }

  async #case(target: Target, number: number): Promise<Finding | undefined> {
    try {
      return await target.run(new Rng(this.#options.seed * 1e9 + number));
    } catch (error) {
      // The case itself failed: a fault of the fuzzer, or of a process that is gone.
      return this.#world?.lives()
        ? { verdict: 'hang', what: 'the case', said: String((error as Error).stack) }
        : undefined;
    }
  }

  /** Looks whether the server still is what it was; one that is not is replaced. */
  async #after(world: World, kind: Kind, cases: readonly number[]): Promise<void> {
    world.connection.close();
    const from = cases[0]!;
    if (!world.lives()) {
      this.#report(kind, from, {
        verdict: 'crash',
        what: `cases ${cases.join(', ')}`,
        said: `the server ended: ${world.log.slice(-2000)}`,
      });
      return this.#end();
    }
    const wrong = await world.probe();
    if (wrong === undefined) {
      for (const finding of await world.tidy()) this.#report(kind, from, finding);
      return;
    }
    this.#report(kind, from, { verdict: 'hang', what: `after cases ${cases.join(' to ')}`, said: wrong });
    await this.#end();
  }

  async #end(): Promise<void> {
    for (const target of this.#targets.values()) await target.close?.();
    this.#targets.clear();
    const world = this.#world;
    this.#world = undefined;
    const wasAlive = world?.lives() === true;
    if ((await world?.stop()) === false && wasAlive) {
      this.counts.hangs++;
      process.stderr.write(`hang: the server did not stop in ${this.#options.boundMs} ms after SIGTERM\n`);
    }
  }

  #report(kind: Kind, number: number, { verdict, what, said }: Finding): void {
    this.counts[verdict === 'unclear' ? 'unclear' : verdict === 'hang' ? 'hangs' : 'crashes']++;
    const { seed } = this.#options;
    const again = `npm run bench -- fuzz --seed ${seed} --target ${kind.name} --only ${number}`;
    process.stderr.write(`${verdict} ${kind.name} ${number}: ${what}: ${said.slice(0, 3000)}\n  ${again}\n`);
  }
}

/** Kinds as often as their shares, spread over the round. */
function interleaved(wanted: readonly Kind[]): Kind[] {
  return wanted
    .flatMap((kind) => Array.from({ length: kind.share }, (_, i) => ({ kind, at: (i + 0.5) / kind.share })))
    .toSorted((a, b) => a.at - b.at)
    .map(({ kind }) => kind);
}
