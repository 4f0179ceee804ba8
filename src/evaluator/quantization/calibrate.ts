/**
 * Makes a network ready to be served in eight bits, and measures what that does to its answers: ranges come from a part of
 * the positions, the comparison with float32 from the others.
 */

import type { Engine } from '../../engine/engine.js';
import type { Snapshot } from '../../go/snapshot.js';
import { observedGraph, type Range, RangeRecorder } from '../../nn/quantization/ranges.js';
import { servingGraph } from '../../nn/networks/serving.js';
import { decodeModel } from '../../nn/model-file.js';
import { packPositions, type PackedPositions } from '../../go/packed-position.js';
import { ServingSession } from '../serving-session.js';
import type { ServingForm } from '../sized-programs.js';
import { type AnswerReport, compareAnswers, type QuantizationReport } from './compare.js';
import { inParts, positionsInRun } from './short-runs.js';
import { measureSpeedup } from './speedup.js';

/** What is kept of a network to serve it in eight bits. */
export interface Quantization {
  readonly ranges: readonly Range[];
  readonly report: QuantizationReport;
}

/** Positions that ranges are taken from, and that each share is tried on; the others judge the result. */
const FOR_RANGES = 384;
const FOR_CHOICE = 128;
/** Positions that are needed in all. */
export const CALIBRATION_POSITIONS = FOR_RANGES + FOR_CHOICE + 1000;
/** Shares of the values that the ranges hold; the one whose policy is nearest to float32's is taken. */
const SHARES = [0.999, 0.9999, 0.99999, 1];

/**
 * @param file a model file
 * @param positions `CALIBRATION_POSITIONS` of them, in no order, of sizes that the network plays
 * @param goOn called before each run, which is short; what it throws ends the work
 */
export async function calibrate(
  file: Uint8Array,
  engine: Engine,
  positions: readonly Snapshot[],
  goOn: () => Promise<void> | void = () => undefined,
): Promise<Quantization> {
  const sessions: ServingSession[] = [];
  const open = async (form: ServingForm = {}): Promise<ServingSession> => {
    await goOn();
    const session = await ServingSession.load(file, engine, form);
    sessions.push(session);
    return session;
  };
  const { architecture } = decodeModel(file);
  const part = (from: number, to?: number): PackedPositions[] =>
    packed(positions.slice(from, to), (size) => positionsInRun(architecture, size));
  try {
    const exact = await open();
    const recorder = new RangeRecorder(observedGraph(servingGraph(architecture)));
    const observed = await open({ graphOf: observedGraph });
    for (const batch of part(0, FOR_RANGES)) {
      await goOn();
      recorder.record(await observed.infer(observed.features(batch)));
    }
    let best: { readonly ranges: readonly Range[]; readonly report: AnswerReport } | undefined;
    for (const share of SHARES) {
      const ranges = recorder.ranges(share);
      const quantized = await open({ ranges });
      const report = await compareAnswers(exact, quantized, part(FOR_RANGES, FOR_RANGES + FOR_CHOICE), goOn);
      if (best === undefined || report.policyDivergence < best.report.policyDivergence) best = { ranges, report };
    }
    const { ranges } = best!;
    const quantized = await open({ ranges });
    const others = part(FOR_RANGES + FOR_CHOICE);
    const answers = await compareAnswers(exact, quantized, others, goOn);
    return { ranges, report: { ...answers, ...(await measureSpeedup(exact, quantized, others, goOn)) } };
  } finally {
    for (const session of sessions) await session.release();
  }
}

/** Batches of positions of one size each, as many as `most` says. */
function packed(positions: readonly Snapshot[], most: (size: number) => number): PackedPositions[] {
  const sizes = [...new Set(positions.map(({ size }) => size))];
  return sizes.flatMap((size) => {
    const own = positions.filter((position) => position.size === size);
    return inParts(own, most(size)).map((part) => packPositions(part, size));
  });
}
