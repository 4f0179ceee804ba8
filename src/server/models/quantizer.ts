/**
 * Which versions are served in eight bits. A version that is loaded for the first time is served in float32 while it is
 * calibrated in the background, on positions of its own games where there are any; it is loaded again when that shows
 * that eight bits pay. The calibration goes on only while no person waits for an evaluation.
 */

import type { Logger } from 'pino';
import { AppError } from '../../core/errors.js';
import type { AnsweredPrecision } from '../../core/precision.js';
import { refOf } from '../../core/refs.js';
import type { EngineSettings } from '../../engine/engine-settings.js';
import { CALIBRATION_POSITIONS, type Quantization } from '../../evaluator/quantization/calibrate.js';
import { isWorthServing } from '../../evaluator/quantization/compare.js';
import { quantize } from '../../evaluator/quantization/quantize.js';
import type { Quiet } from '../../evaluator/quiet.js';
import type { Range } from '../../nn/quantization/ranges.js';
import type { ModelRow, Store } from '../../store/store.js';
import { calibrationPositions } from './calibration-positions.js';

/** Versions that may wait for their calibration; of a job that makes them faster the older ones are left in float32. */
const MOST_WAITING = 4;
/** Weights below which a network is so quick that eight bits gain nothing. */
const FEWEST_WEIGHTS = 50_000;

export interface QuantizerOptions {
  readonly store: Pick<Store, 'models' | 'games' | 'jobs'>;
  readonly engine: EngineSettings;
  /** When a calibration may go on. */
  readonly quiet: Pick<Quiet, 'turn' | 'isInteractive'>;
  /** Loads a version again, if it is loaded. */
  readonly reload: (ref: string) => Promise<void>;
  readonly logger: Logger;
}

/** What becomes of the calibration of a version: `waits` for its turn, or until no person waits for an evaluation. */
export type Calibration = 'none' | 'waits' | 'runs';

/** A version that is being calibrated. */
export interface PendingCalibration {
  readonly ref: string;
  readonly calibration: Exclude<Calibration, 'none'>;
  /** Whether it waits until no person waits for an evaluation. */
  readonly isHeld: boolean;
}

/** The stored form of a quantization; undefined if there is none. */
export function parseQuantization({ quantizationJson }: Pick<ModelRow, 'quantizationJson'>): Quantization | undefined {
  return quantizationJson === '' ? undefined : (JSON.parse(quantizationJson) as Quantization);
}

/** Decides, and calibrates one version at a time. */
export class Quantizer {
  readonly #options: QuantizerOptions;
  readonly #abort = new AbortController();
  readonly #waiting: string[] = [];
  #current: string | undefined;
  /** Whether the current one waits until no person waits for an evaluation. */
  #isHeld = false;
  #working: Promise<void> | undefined;

  constructor(options: QuantizerOptions) {
    this.#options = options;
  }

  /** The ranges to serve a version with; asks for its calibration where that is missing. */
  async ranges(ref: string): Promise<readonly Range[] | undefined> {
    const row = await this.#options.store.models.get(ref);
    if (!row) return undefined;
    if (row.quantizationJson === '') this.#request(row);
    return this.precisionOf(row) === 'int8' ? parseQuantization(row)?.ranges : undefined;
  }

  /** In which a version is served to whoever asks for no precision. */
  precisionOf(row: Pick<ModelRow, 'precision' | 'quantizationJson'>): AnsweredPrecision {
    const quantization = parseQuantization(row);
    if (!quantization || row.precision === 'fp32' || !this.#canQuantize) return 'fp32';
    return row.precision === 'int8' || isWorthServing(quantization.report) ? 'int8' : 'fp32';
  }

  /** What becomes of the calibration of a version now. */
  calibrationOf(ref: string): Calibration {
    return this.calibrations.find((pending) => pending.ref === ref)?.calibration ?? 'none';
  }

  /** The versions that are being calibrated: the one under way, then the others in their order. */
  get calibrations(): readonly PendingCalibration[] {
    const waiting = [...this.#waiting].reverse().map((ref) => ({ ref, calibration: 'waits', isHeld: false }) as const);
    if (this.#current === undefined) return waiting;
    const calibration = this.#isHeld ? 'waits' : 'runs';
    return [{ ref: this.#current, calibration, isHeld: this.#isHeld }, ...waiting];
  }

  /** How many calibrations run, which is one at most, and how many wait. */
  figures(): { readonly running: number; readonly waiting: number } {
    const { length } = this.calibrations;
    const running = this.calibrations.filter(({ calibration }) => calibration === 'runs').length;
    return { running, waiting: length - running };
  }

  /** Resolves when nothing is being calibrated. */
  async idle(): Promise<void> {
    await this.#working;
  }

  /** Ends the calibration under way. */
  async close(): Promise<void> {
    this.#abort.abort();
    await this.#working;
  }

  /** Only ONNX Runtime's own processor code computes in eight bits. */
  get #canQuantize(): boolean {
    const { engine, provider } = this.#options.engine;
    return engine === 'onnxruntime' && provider === 'cpu';
  }

  #request(row: ModelRow): void {
    const ref = refOf(row);
    if (row.size === 0 || row.precision === 'fp32' || !this.#canQuantize || this.#abort.signal.aborted) return;
    if (row.precision === 'auto' && row.parameterCount < FEWEST_WEIGHTS) return;
    if (this.#current === ref || this.#waiting.includes(ref)) return;
    this.#waiting.push(ref);
    if (this.#waiting.length > MOST_WAITING) this.#waiting.shift();
    this.#working ??= this.#work().finally(() => (this.#working = undefined));
  }

  async #work(): Promise<void> {
    for (let ref = this.#waiting.pop(); ref !== undefined; ref = this.#waiting.pop()) {
      this.#current = ref;
      try {
        await this.#calibrate(ref);
      } catch (error) {
        if (this.#abort.signal.aborted) return;
        this.#options.logger.warn({ ref, error: AppError.from(error).message }, 'model-not-quantized');
      } finally {
        this.#current = undefined;
        this.#isHeld = false;
      }
    }
  }

  async #calibrate(ref: string): Promise<void> {
    const { store, engine, reload, logger } = this.#options;
    const row = await store.models.get(ref);
    if (!row) return;
    const positions = await calibrationPositions(store, row, CALIBRATION_POSITIONS);
    const start = { file: await store.models.read(ref), positions, engine, seed: 1 };
    logger.info({ ref }, 'calibration-begins');
    const quantization = await quantize(start, this.#abort.signal, () => this.#turn(ref));
    await store.models.setQuantization(ref, JSON.stringify(quantization));
    logger.info({ ref, ...quantization.report }, 'model-quantized');
    // Loading keeps the session threads from work.
    await this.#turn(ref);
    await reload(ref);
  }

  async #turn(ref: string): Promise<void> {
    const { quiet, logger } = this.#options;
    this.#isHeld = quiet.isInteractive;
    if (!this.#isHeld) return quiet.turn(this.#abort.signal);
    logger.info({ ref }, 'calibration-waits');
    await quiet.turn(this.#abort.signal);
    this.#isHeld = false;
    logger.info({ ref }, 'calibration-goes-on');
  }
}

/** How many calibrations run and wait, in the text format of Prometheus. */
export function formatCalibrations({ running, waiting }: ReturnType<Quantizer['figures']>): string {
  return (
    `# TYPE tengen_calibrations_running gauge\ntengen_calibrations_running ${running}\n` +
    `# TYPE tengen_calibrations_waiting gauge\ntengen_calibrations_waiting ${waiting}\n`
  );
}
