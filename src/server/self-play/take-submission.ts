/** What the server does with a submitted game: checks it, stores it, tells its job, and says what comes of its lease. */

import type { Logger } from 'pino';
import { partsOfRef, refOf } from '../../core/refs.js';
import { AppError, check } from '../../core/errors.js';
import { inOneLine, quoted } from '../../core/quoted.js';
import { variationId, type GameRecord } from '../../go/game-record.js';
import type * as pb from '../../proto/tengen/v1/self_play.js';
import type { Store } from '../../store/store.js';
import type { ThreadPool } from '../../threads/pool.js';
import type { LeaseBook, LeasedGame } from './lease-book.js';
import { haveSameMoves } from './next-variation.js';
import type { Moves, StoredTrees } from './stored-trees.js';
import { checkSubmission, gameRow, winnerOf } from './submission.js';
import type { SubmittedGame } from './work-message.js';
import type { WorkSource } from './work-source.js';

export interface SubmissionContext {
  readonly book: LeaseBook;
  readonly source: WorkSource;
  readonly store: Pick<Store, 'games' | 'models'>;
  readonly trees: StoredTrees;
  readonly logger: Logger;
  /** Of threads that read long messages. */
  readonly messages: ThreadPool;
}

/** A game on its way in. */
export interface Submission {
  /** The stream that it came on. */
  readonly worker: string;
  readonly leaseId: string;
  readonly game: SubmittedGame;
}

type Response = NonNullable<pb.WorkResponse['body']>;

/** What the worker is told. */
export interface Answer {
  readonly responses: readonly Response[];
  /** The lease under which the worker plays no more; undefined while it plays on its tree. */
  readonly endedLease: string | undefined;
}

/** Resolves when the game is durable or refused; rejects when the store could not take it. */
export async function takeSubmission(context: SubmissionContext, submission: Submission): Promise<Answer> {
  const { variation } = submission.game;
  if (!variation) return takeOrRefuse(context, submission, takeGame);
  return context.trees.inTurn(variation.treeId, () =>
    takeOrRefuse(context, submission, (...both) => takeVariation(...both, variation)),
  );
}

type Take = (context: SubmissionContext, submission: Submission) => Promise<Answer>;

async function takeOrRefuse(context: SubmissionContext, submission: Submission, take: Take): Promise<Answer> {
  const { worker, game } = submission;
  try {
    return await take(context, submission);
  } catch (error) {
    const { kind, message } = AppError.from(error);
    if (kind !== 'invalid-argument') throw error;
    context.logger.warn({ gameId: inOneLine(game.gameId), worker, reason: message }, 'game-refused');
    const { gameId: leasedId, leaseId } = leaseOf(context, submission);
    await context.book.refuse(leasedId, leaseId);
    return { responses: [refused(game.gameId, message)], endedLease: leaseId };
  }
}

async function takeGame(context: SubmissionContext, { worker, leaseId, game }: Submission): Promise<Answer> {
  const { book, store } = context;
  const { gameId } = game;
  const leased = book.find(gameId);
  if (leased || !(await store.games.has(gameId))) {
    check(leased !== undefined, `The game ${quoted(gameId)} was not leased by this server`);
    const record = checkSubmission(game, leased);
    await put(context, { worker, game, record, leased });
    book.stored(gameId);
  }
  return { responses: [stored(gameId)], endedLease: leaseId };
}

/** Takes a game of a tree, while no other game of the tree is taken. */
async function takeVariation(
  context: SubmissionContext,
  submission: Submission,
  { treeId, index, isLast }: pb.Variation,
): Promise<Answer> {
  const { book, source, trees } = context;
  const { worker, game } = submission;
  const { gameId } = game;
  const leased = book.find(treeId);
  const earlier = leased ? await trees.moves(leased.work) : await movesOf(trees, treeId);
  const isStored =
    gameId === variationId(treeId, index) && earlier[index] !== undefined && haveSameMoves(earlier[index], game.moves);
  if (!isStored) {
    check(leased !== undefined, `The tree ${quoted(treeId)} was not leased by this server, or is complete`);
    const { leaseId } = leaseOf(context, submission);
    check(
      leased.leaseId === '' || leased.leaseId === leaseId,
      `The tree ${quoted(treeId)} went on elsewhere: the lease on it ran out and another worker has it`,
    );
    const record = checkSubmission(game, leased, earlier);
    await put(context, { worker, game, record, leased });
    trees.added(leased.work, record.moves);
    if (isLast) book.stored(treeId);
  }
  const { leaseId } = leaseOf(context, submission);
  const isHeld = !isLast && book.extend(treeId, leaseId);
  const unwanted = isHeld
    ? await whyUnwanted(source, leased!.jobId)
    : `The tree ${quoted(treeId)} is not leased any more`;
  if (unwanted === undefined) return { responses: [stored(gameId)], endedLease: undefined };
  await book.refuse(treeId, leaseId);
  const responses = [stored(gameId)];
  if (!isLast && earlier.length === index + 1) {
    // This game is kept, but the worker need not play on.
    responses.push(refused(variationId(treeId, index + 1), unwanted));
  }
  return { responses, endedLease: leaseId };
}

/** Why a job wants no further game of a tree; undefined if it does, or may when the server has started again. */
async function whyUnwanted(source: WorkSource, jobId: string): Promise<string | undefined> {
  if (source.isRunning(jobId)) {
    return source.hasAllSelfPlay(jobId) ? `The job '${jobId}' has all its self-play` : undefined;
  }
  return (await source.isStopped(jobId)) ? `The job '${jobId}' has stopped` : undefined;
}

interface NewRecord {
  readonly worker: string;
  readonly game: SubmittedGame;
  readonly record: GameRecord;
  readonly leased: LeasedGame;
}

async function put({ source, store, logger }: SubmissionContext, { worker, game, record, leased }: NewRecord) {
  await checkModel(store, record.modelVersion, leased.work.modelVersion);
  const { sequence, isNew } = await store.games.put(gameRow(record, game.bytes));
  if (!isNew) return;
  const { gameId, moves } = record;
  logger.debug({ gameId, worker, moves: moves.length, winner: winnerOf(record) }, 'game-stored');
  source.gameStored({ sequence, record });
}

/** A self-play game may have started with a newer version than its lease names, but with one of the same model. */
async function checkModel({ models }: Pick<Store, 'models'>, seen: string, leased: string | undefined): Promise<void> {
  if (leased === undefined || seen === leased) return;
  const isOfModel = partsOfRef(seen).name === partsOfRef(leased).name;
  const found = isOfModel ? await models.get(seen) : undefined;
  // The name alone stands for a version that changes.
  const isKnown = found !== undefined && seen === refOf(found);
  check(isKnown, `model_version is ${quoted(seen)}; it must be '${leased}' or a newer version of it`);
}

/** The lease that a submission speaks of: a worker that lost one and was given the same tree again may name the old one. */
function leaseOf({ book }: SubmissionContext, { worker, leaseId, game }: Submission) {
  if (!game.variation) return { gameId: game.gameId, leaseId };
  const gameId = game.variation.treeId;
  const leased = book.find(gameId);
  return { gameId, leaseId: leased?.worker === worker ? leased.leaseId : leaseId };
}

async function movesOf(trees: StoredTrees, treeId: string): Promise<readonly Moves[]> {
  return (await trees.read(treeId)).map(({ moves }) => moves);
}

function stored(gameId: string): Response {
  return { $case: 'stored', value: { gameId } };
}

function refused(gameId: string, reason: string): Response {
  return { $case: 'refused', value: { gameId, reason } };
}
