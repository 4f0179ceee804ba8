/** The longest game that a worker may hand in. */

import { MessageQueue } from '../../src/core/message-queue.js';
import { Rng } from '../../src/core/rng.js';
import { packPolicy, type SearchRecord } from '../../src/go/game-record.js';
import { Position } from '../../src/go/position.js';
import { JobServiceDefinition } from '../../src/proto/tengen/v1/job.js';
import {
  SelfPlayServiceDefinition,
  type GameRecord,
  type Lease,
  type WorkRequest,
  type WorkResponse,
} from '../../src/proto/tengen/v1/self_play.js';
import { gameRecordToWire } from '../../src/wire/game-record.js';
import { rulesFromWire } from '../../src/wire/rules.js';
import type { LimitCall, World } from './limit-call.js';

const SIDE = 19;
/** Moves of a game on 19×19 at most: eight for every point. */
const MOVES = 8 * SIDE * SIDE;

/** A job that leases games, and one of them handed in. */
export function workCalls(): LimitCall[] {
  let jobId = '';
  let leaseId = '';
  let game: GameRecord | undefined;
  const outgoing = new MessageQueue<WorkRequest>();
  const say = (body: NonNullable<WorkRequest['body']>): void => outgoing.push({ body });
  let incoming: AsyncIterator<WorkResponse>;
  const next = async (wanted: string): Promise<unknown> => {
    for (;;) {
      const result = await incoming.next();
      const body = result.done === true ? undefined : result.value.body;
      if (!body) throw new Error(`The stream ended before ${wanted} came`);
      if (body.$case === 'refused') throw new Error(body.value.reason);
      if (body.$case === wanted) return body.value;
    }
  };
  return [
    {
      name: `Work with a game of ${MOVES} moves`,
      async prepare({ connection }) {
        const settings = { size: SIDE, blocks: 1, channels: 8, visits: 2, maxMoves: MOVES, variations: 1 };
        const configJson = JSON.stringify({ ...settings, startPositions: 100_000_000, ratingShare: 0 });
        const jobs = connection.client(JobServiceDefinition);
        const { job } = await jobs.createJob({ kind: 'alphazero', model: 'work', configJson });
        jobId = job?.jobId ?? '';
        incoming = connection.client(SelfPlayServiceDefinition).work(outgoing)[Symbol.asyncIterator]();
        say({ $case: 'hello', value: { worker: 'limits', games: 1, protocolVersion: 1, leaseIds: [] } });
        const lease = (await next('lease')) as Lease;
        ({ leaseId } = lease);
        game = longestGame(lease);
      },
      async call({ connection }: World) {
        say({ $case: 'submit', value: { leaseId, game } });
        await next('stored');
        outgoing.end();
        await connection.client(JobServiceDefinition).cancelJob({ jobId });
      },
    },
  ];
}

/** Random legal moves, a pass only where there is no other, with a policy over every action. */
function longestGame({ settings, seed, gameId, jobId, modelVersion }: Lease): GameRecord {
  const rules = rulesFromWire(settings?.rules);
  const rng = new Rng(seed);
  const position = new Position(SIDE, rules);
  const pass = position.actionCount - 1;
  const legal = new Uint8Array(position.actionCount);
  const moves: number[] = [];
  const searches: SearchRecord[] = [];
  while (moves.length < MOVES) {
    position.legal(legal);
    const count = legal.reduce((sum, isLegal) => sum + isLegal, 0);
    const policy = packPolicy(Float32Array.from(legal, (isLegal) => isLegal / count));
    searches.push({ policy, value: 0, visits: 2, full: true });
    if (legal.indexOf(1) !== pass) legal[pass] = 0;
    const move = rng.weighted(legal);
    position.play(move);
    moves.push(move);
  }
  const record = { gameId, jobId, modelVersion, seed, size: SIDE, rules, moves, searches, score: position.score() };
  return gameRecordToWire(record);
}
