/** Queries to a real analysis process. After every case an action is asked whose answer shows that the line was taken. */

import type { Rng } from '../../src/core/rng.js';
import { Conversation, type Heard } from './conversation.js';
import { damagedBytes, pick } from './extremes.js';
import { mutatedJsonText } from './json.js';
import { TextProcess } from './text-process.js';
import { unclearAmong, type Finding } from './verdict.js';
import type { World } from './world.js';

const query = {
  id: 'q',
  moves: [
    ['B', 'C3'],
    ['W', 'pass'],
  ],
  initialStones: [['B', 'A1']],
  initialPlayer: 'B',
  rules: 'chinese',
  komi: 7,
  boardXSize: 5,
  boardYSize: 5,
  analyzeTurns: [0, 2],
  maxVisits: 4,
  analysisPVLen: 3,
  rootFpuReductionMax: 0.1,
  priority: 1,
  includeOwnership: true,
  includeMovesOwnership: true,
  includePolicy: true,
  includePVVisits: true,
  reportDuringSearchEvery: 0.1,
  avoidMoves: [{ player: 'B', moves: ['A1', 'B2'], untilDepth: 2 }],
  overrideSettings: {
    maxTime: 1,
    reportAnalysisWinratesAs: 'WHITE',
    cpuctExploration: 1.1,
    numVirtualLossesPerThread: 1,
  },
};
const queries: readonly object[] = [
  query,
  {
    id: 'r',
    moves: [],
    rules: { ko: 'SIMPLE', scoring: 'AREA', tax: 'NONE', suicide: false },
    komi: 6.5,
    boardXSize: 5,
    boardYSize: 5,
  },
  { id: 'v', action: 'query_version' },
  { id: 'm', action: 'query_models' },
  { id: 'c', action: 'clear_cache' },
  { id: 't', action: 'terminate', terminateId: 'q', turnNumbers: [0] },
  { id: 'a', action: 'terminate_all', turnNumbers: [0] },
];

/** Runs cases in one process. */
export class AnalysisTarget {
  readonly #world: World;
  readonly #talk: Conversation;
  #next = 0;

  constructor(world: World) {
    this.#world = world;
    const { server, stored, boundMs } = world;
    const args = ['analysis', '--address', server.address, '--model', stored.go, '--visits', '4', '--waiting', '1000'];
    this.#talk = new Conversation((onLine) => new TextProcess(args, onLine, server.dataDir), hear, boundMs);
  }

  /** One case. Positions go on in the background until they are done or terminated. */
  async run(rng: Rng): Promise<Finding | undefined> {
    const text = JSON.stringify(pick(rng, queries));
    const line = rng.int(8) === 0 ? damagedBytes(rng, Buffer.from(text)) : Buffer.from(mutatedJsonText(rng, text));
    const barrier = `barrier-${this.#next++}`;
    const tail = [
      { id: 'end', action: 'terminate_all' },
      { id: barrier, action: 'query_version' },
    ];
    // Now and then nothing is terminated, so that some answers are whole.
    const rest = tail.slice(rng.int(3) === 0 ? 1 : 0).map((each) => JSON.stringify(each));
    const bytes = Buffer.concat([line, Buffer.from(`\n${rest.join('\n')}\n`)]);
    const { end, said, epitaph } = await this.#talk.exchange(bytes, barrier);
    const what = `the line ${line.toString().slice(0, 1000)}`;
    if (end === 'late') return { verdict: 'hang', what, said: `no answer in ${this.#world.boundMs} ms` };
    if (end !== 'answered') return { verdict: 'crash', what, said: epitaph };
    return unclearAmong(said, line.toString(), what);
  }

  close(): Promise<void> {
    return this.#talk.close();
  }
}

function hear(line: string): Heard {
  const { id, error, warning } = JSON.parse(line) as { id?: string; error?: string; warning?: string };
  return { barrier: id, complaint: error ?? warning };
}
