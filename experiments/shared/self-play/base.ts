/** The settings of the `alphazero` job that training runs on small boards begin with. */

/** The paper's setting at our scale: PUCT with Dirichlet noise, results as value labels, no other heads. */
const base = {
  blocks: 2,
  channels: 32,
  visits: 32,
  gumbelRoot: false,
  dirichletTotal: 10,
  lateTemperature: 0.5,
  valueMix: 0,
  ownershipLossWeight: 0,
  scoreLossWeight: 0,
  sampleFactor: 4,
  startPositions: 1000,
  windowMin: 10_000,
  emaDecay: 0.98,
  learningRate: 0.003,
  finalLearningRateShare: 0.3,
  adaptiveThreshold: false,
  minutes: 0,
} as const;

/** What depends on the board: a komi near a fair result, and as many moves drawn freely. */
const boards: Readonly<Record<number, Readonly<Record<string, unknown>>>> = {
  7: { komi: '8.5', temperatureMoves: 14 },
  9: { komi: '7.5', temperatureMoves: 20 },
};

/** The settings that all arms share on a board. */
export function baseOf(size: number): Readonly<Record<string, unknown>> {
  return { ...base, ...(boards[size] ?? boards[9]) };
}
