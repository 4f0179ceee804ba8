/** A self-play worker that plays at random: thousands of games where the real one plays hundreds. */

import { MessageQueue } from '../../src/core/message-queue.js';
import { delay } from '../../src/core/signals.js';
import { Rng } from '../../src/core/rng.js';
import { packPolicy, type SearchRecord } from '../../src/go/game-record.js';
import { Position } from '../../src/go/position.js';
import {
  SelfPlayServiceDefinition,
  type GameRecord,
  type Lease,
  type WorkRequest,
} from '../../src/proto/tengen/v1/self_play.js';
import { gameRecordToWire } from '../../src/wire/game-record.js';
import { rulesFromWire } from '../../src/wire/rules.js';
import { anything } from './ledger.js';
import { movesDigest } from './inspect.js';
import type { Life } from './repeat.js';

/** Games at once. */
const GAMES = 8;
/** Time that a game takes, in ms. */
const GAME_MS = 250;

interface Played {
  readonly leaseId: string;
  readonly game: GameRecord;
}

/** The worker; games that no server has acknowledged outlive the server. */
export class RandomWorker {
  readonly #name: string;
  readonly #unacknowledged = new Map<string, Played>();

  constructor(name: string) {
    this.#name = name;
  }

  /** Works until the stream ends. */
  async work({ connection, ledger, rng, signal }: Life): Promise<void> {
    const outgoing = new MessageQueue<WorkRequest>();
    const say = (body: NonNullable<WorkRequest['body']>): void => outgoing.push({ body });
    const again = [...this.#unacknowledged.values()];
    const leaseIds = again.map(({ leaseId }) => leaseId);
    say({ $case: 'hello', value: { worker: this.#name, games: GAMES, protocolVersion: 1, leaseIds } });
    for (const value of again) say({ $case: 'submit', value });
    // A game that is sent twice may have been stored as another worker played it.
    const sentTwice = new Set(this.#unacknowledged.keys());
    const play = async (lease: Lease): Promise<void> => {
      await delay(GAME_MS * (0.5 + rng.float()), signal);
      const submission = { leaseId: lease.leaseId, game: playLease(lease) };
      this.#unacknowledged.set(lease.gameId, submission);
      say({ $case: 'submit', value: submission });
    };
    try {
      for await (const { body } of connection.client(SelfPlayServiceDefinition).work(outgoing, { signal })) {
        if (body?.$case === 'lease') void play(body.value).catch(() => undefined);
        if (body?.$case === 'refused') this.#unacknowledged.delete(body.value.gameId);
        if (body?.$case !== 'stored') continue;
        const { gameId } = body.value;
        const moves = this.#unacknowledged.get(gameId)?.game.moves;
        ledger.acked(`game ${gameId}`, moves && !sentTwice.has(gameId) ? movesDigest(moves) : anything);
        this.#unacknowledged.delete(gameId);
      }
    } finally {
      outgoing.end();
    }
  }
}

/** A game of random legal moves that fulfils a lease on a single game. */
export function playLease({ settings, seed, match, gameId, jobId, modelVersion }: Lease): GameRecord {
  const { size = 0, maxMoves = 0 } = settings ?? {};
  const rules = rulesFromWire(settings?.rules);
  const rng = new Rng(seed);
  const position = new Position(size, rules);
  const legal = new Uint8Array(position.actionCount);
  const moves: number[] = [];
  const searches: SearchRecord[] = [];
  while (!position.isOver && moves.length < maxMoves) {
    position.legal(legal);
    const move = match?.opening[moves.length] ?? rng.weighted(legal);
    const policy = new Float32Array(position.actionCount);
    policy[move] = 1;
    searches.push({ policy: packPolicy(policy), value: 0, visits: 1, full: match === undefined });
    position.play(move);
    moves.push(move);
  }
  const record = { gameId, jobId, modelVersion, seed, size, rules, moves, searches, score: position.score() };
  return gameRecordToWire(match ? { ...record, match } : record);
}
