/**
 * A client that drives an analysis engine as KaTrain's engine does (katrain/core/engine.py): every query with an id and
 * its settings, a pondering query that is replaced when the position changes, and the end of the old game's queries
 * when a new one starts.
 */

import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { SaidAnswer } from './analysis-session.js';

/** What KaTrain's game node knows of a position. */
export interface KatrainPosition {
  readonly size: number;
  readonly moves: readonly (readonly [player: string, vertex: string])[];
  readonly initialStones?: readonly (readonly [player: string, vertex: string])[];
  readonly rules?: string;
  readonly komi?: number;
}

/** One question about a position. */
export interface KatrainRequest {
  readonly visits?: number;
  readonly priority?: number;
  readonly ponder?: boolean;
  readonly ownership?: boolean;
  /** Search only inside these columns and rows, 0-based from the bottom-left. */
  readonly region?: readonly [xMin: number, xMax: number, yMin: number, yMax: number];
}

const columns = 'ABCDEFGHJKLMNOPQRST';

/** The engine process and the queries it has not answered. */
export class KatrainEngine {
  readonly child: ChildProcessWithoutNullStreams;
  /** Everything that the engine said. */
  readonly said: SaidAnswer[] = [];
  readonly #open = new Map<string, (answer: SaidAnswer) => void>();
  readonly #closed: Promise<unknown>;
  #count = 0;
  #basePriority = 0;
  #ponderId: string | undefined;

  constructor(command: string, args: readonly string[]) {
    this.child = spawn(command, args);
    this.#closed = once(this.child, 'close');
    createInterface({ input: this.child.stdout }).on('line', (line) => {
      const answer = JSON.parse(line) as SaidAnswer;
      this.said.push(answer);
      const { id = '' } = answer;
      const callback = this.#open.get(id);
      if (!callback || answer.warning !== undefined || answer['terminateId'] !== undefined) return;
      if (answer.error !== undefined || answer.isDuringSearch === false) this.#open.delete(id);
      callback(answer);
    });
  }

  get isIdle(): boolean {
    return this.#open.size === 0;
  }

  /** Sends a query; `onAnswer` gets partial answers too. @returns its id */
  request(position: KatrainPosition, request: KatrainRequest, onAnswer: (answer: SaidAnswer) => void): string {
    const { moves, size } = position;
    const id = `QUERY:${String(++this.#count)}`;
    if (request.ponder) {
      if (this.#ponderId !== undefined) this.terminate(this.#ponderId, { forget: false });
      this.#ponderId = id;
    }
    const ownership = request.ownership ?? true;
    this.#open.set(id, onAnswer);
    this.#send({
      rules: position.rules ?? 'chinese',
      priority: this.#basePriority + (request.priority ?? 0),
      analyzeTurns: [moves.length],
      maxVisits: request.ponder ? 10_000_000 : (request.visits ?? 25),
      komi: position.komi ?? 6.5,
      boardXSize: size,
      boardYSize: size,
      includeOwnership: ownership,
      includeMovesOwnership: ownership,
      includePolicy: true,
      initialStones: position.initialStones ?? [],
      initialPlayer: moves[0]?.[0] ?? 'B',
      moves,
      overrideSettings: { reportAnalysisWinratesAs: 'BLACK', wideRootNoise: 0.04, maxTime: 8 },
      ...(request.ponder ? { reportDuringSearchEvery: 0.05 } : {}),
      ...(request.region ? { avoidMoves: outside(request.region, size) } : {}),
      id,
    });
    return id;
  }

  /** The final answer to a query. */
  final(position: KatrainPosition, request: KatrainRequest = {}): Promise<SaidAnswer> {
    return new Promise((resolve) => {
      this.request(position, request, (answer) => {
        if (answer.isDuringSearch !== true) resolve(answer);
      });
    });
  }

  terminate(id: string, { forget = true } = {}): void {
    this.#send({ action: 'terminate', terminateId: id, id: `QUERY:${String(++this.#count)}` });
    if (forget) this.#open.delete(id);
  }

  /** Gives up what belongs to the old game; queries of the new one come first. */
  newGame(): void {
    this.#basePriority++;
    for (const id of [...this.#open.keys()]) this.terminate(id);
    this.#ponderId = undefined;
  }

  /** Ends the input and waits for the end. @returns the exit code */
  async shutdown(): Promise<number | null> {
    this.child.stdin.end();
    await this.#closed;
    return this.child.exitCode;
  }

  #send(query: object): void {
    this.child.stdin.write(`${JSON.stringify(query)}\n`);
  }
}

function outside([xMin, xMax, yMin, yMax]: NonNullable<KatrainRequest['region']>, size: number): object[] {
  const moves: string[] = [];
  for (let x = 0; x < size; x++) {
    for (let y = 0; y < size; y++) {
      if (x < xMin || x > xMax || y < yMin || y > yMax) moves.push(`${columns[x] ?? ''}${String(y + 1)}`);
    }
  }
  return ['B', 'W'].map((player) => ({ moves, player, untilDepth: 1 }));
}
