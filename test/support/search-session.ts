/** One stream of SearchService, as a client sees it. */

import type { Connection } from '../../clients/shared/connection.js';
import { MessageQueue } from '../../src/core/message-queue.js';
import {
  NewGame,
  SearchRequest,
  SearchServiceDefinition,
  StartSearch,
  type SearchedGame,
  type SearchReport,
  type SearchResponse,
} from '../../src/proto/tengen/v1/search.js';
import { errorFromStatus } from '../../clients/shared/status.js';

type Request = NonNullable<SearchRequest['request']>;

/** Sends requests and reads answers, in the order in which they come. */
export class SearchSession {
  readonly #outgoing = new MessageQueue<SearchRequest>();
  readonly #abort = new AbortController();
  readonly #answers: AsyncIterator<SearchResponse>;
  #nextId = 1n;

  constructor(connection: Connection) {
    const client = connection.client(SearchServiceDefinition);
    this.#answers = client.search(this.#outgoing, { signal: this.#abort.signal })[Symbol.asyncIterator]();
  }

  /** Sends a request; returns its id. */
  send(request: Request, requestId = this.#nextId++): bigint {
    this.#outgoing.push({ requestId, request, stop: false });
    return requestId;
  }

  stop(requestId: bigint): void {
    this.#outgoing.push({ requestId, request: undefined, stop: true });
  }

  /** The next answer. @throws AppError the end of the stream */
  async receive(): Promise<SearchResponse> {
    const step = await this.#answers.next();
    if (step.done) throw new Error('The stream has ended');
    return step.value;
  }

  /** Sends a request and reads its one answer. @throws AppError what it fails with */
  async ask(request: Request): Promise<SearchedGame> {
    this.send(request);
    const { answer } = await this.receive();
    if (answer?.$case === 'error') throw errorFromStatus(answer.value.code, answer.value.message);
    if (answer?.$case !== 'game') throw new Error(`The answer is ${String(answer?.$case)}`);
    return answer.value;
  }

  newGame(game: Partial<NewGame>): Promise<SearchedGame> {
    return this.ask({ $case: 'newGame', value: NewGame.create(game) });
  }

  /** Plays points, colors in turn. */
  play(...points: number[]): Promise<SearchedGame> {
    return this.ask({ $case: 'play', value: { moves: points.map((point) => ({ player: 0, point })) } });
  }

  undo(moves = 1): Promise<SearchedGame> {
    return this.ask({ $case: 'undo', value: { moves } });
  }

  start(search: Partial<StartSearch>): bigint {
    return this.send({ $case: 'search', value: StartSearch.create(search) });
  }

  /** All reports of a search up to the final one. @throws AppError what it fails with */
  async reports(): Promise<SearchReport[]> {
    const reports: SearchReport[] = [];
    while (!reports.at(-1)?.isFinal) {
      const { answer } = await this.receive();
      if (answer?.$case === 'error') throw errorFromStatus(answer.value.code, answer.value.message);
      if (answer?.$case === 'report') reports.push(answer.value);
    }
    return reports;
  }

  /** Searches and gives the final report. */
  async search(search: Partial<StartSearch>): Promise<SearchReport> {
    this.start(search);
    return (await this.reports()).at(-1)!;
  }

  /** Half-closes. */
  end(): void {
    this.#outgoing.end();
  }

  /** Cancels the call. */
  cancel(): void {
    this.#abort.abort();
    this.#answers.next().catch(() => undefined);
  }
}
