/** A review as a whole: a file in, a table or JSON out, and the file again with what was found. */

import { readFileSync, writeFileSync } from 'node:fs';
import type { Logger } from 'pino';
import { AppError, check } from '../../src/core/errors.js';
import { colorName } from '../../src/go/color.js';
import { formatVertex } from '../../src/go/vertex.js';
import { needTelling } from '../../src/go/rule-sets.js';
import { defaultRules } from '../../src/go/rules.js';
import { decodeSgf } from '../../src/go/sgf/encoding.js';
import { rulesOf, type SgfGame } from '../../src/go/sgf/game.js';
import { formatNote } from '../../src/go/sgf/notes.js';
import { readSgf, type ReadGame } from '../../src/go/sgf/read.js';
import { formatSgfTree, parentsOf } from '../../src/go/sgf/tree.js';
import type { GameSoFar } from '../../src/player/game-state.js';
import { annotate } from '../../src/player/review/annotate.js';
import type { ReviewedMove } from '../../src/player/review/review.js';
import { tuningOf } from '../../src/player/search-parameters.js';
import { Thinker } from '../../src/player/thinker.js';
import { Connection, type ConnectionOptions } from '../shared/connection.js';
import { GamePrecision } from '../shared/game-precision.js';
import type { GameThinker } from '../shared/game-thinker.js';
import { askModel, type ModelFacts } from '../shared/model-watch.js';
import { RemoteEvaluator } from '../shared/remote-evaluator.js';
import { findPlace } from '../shared/search-place.js';
import { ServerThinker } from '../shared/server-thinker.js';
import { analyseGame } from './analyse-game.js';
import type { ReviewConfig } from './config.js';

/** Milliseconds that a position waits for a server that is busy or away. */
const PATIENCE_MS = 20_000;

/** What is reviewed, with what, and who is told. */
export interface ReviewOptions {
  readonly path: string;
  readonly config: ReviewConfig;
  readonly connection: ConnectionOptions;
  /** name, name@version, or empty for the promoted one. */
  readonly model: string;
  /** File to write the game to, with the review; none if left out. */
  readonly sgf?: string | undefined;
  readonly signal: AbortSignal;
  readonly log: Logger;
  /** Told of what was passed over or guessed in the file, and of what the model does not know. */
  readonly onNote: (text: string) => void;
  /** Told of each position that is done. */
  readonly onDone: (done: number, of: number) => void;
}

/** What came of it. */
export interface Review {
  readonly size: number;
  /** Moves of the game; more than are reviewed if the review was stopped. */
  readonly gameMoves: number;
  readonly moves: readonly ReviewedMove[];
}

/** Reviews a game, as far as it gets before `signal`. @throws AppError for a file that cannot be read, and what the searches throw */
export async function runReview(options: ReviewOptions): Promise<Review> {
  const { path, config, model, sgf, signal, onNote, onDone } = options;
  const read = readGame(path, onNote);
  const connection = new Connection(options.connection);
  try {
    const facts = await askModel(connection, model, signal);
    const game = gameFor(read.game, facts, onNote);
    const { thinker, close } = await thinkers(connection, options);
    const { visits, positions } = config;
    const moves = await analyseGame(game, { visits, positions, thinker, signal, onDone }).finally(close);
    if (sgf !== undefined && !signal.aborted) save(sgf, read, moves);
    return { size: game.size, gameMoves: game.turns.length, moves };
  } finally {
    connection.close();
  }
}

/** A move as JSON says it. */
export function moveToJson({ action, color, better, ...move }: ReviewedMove, size: number): object {
  const line = better?.line.map((point) => formatVertex(point, size));
  return { ...move, player: colorName(color), move: formatVertex(action, size), ...(line && { better: line }) };
}

function readGame(path: string, onNote: (text: string) => void): ReadGame {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw new AppError('invalid-argument', `${path} cannot be read`, { cause: error });
  }
  const { text, guessed } = decodeSgf(bytes);
  if (guessed !== undefined) onNote(`${path}: read as ${guessed}`);
  return readSgf(text, { onNote: (note) => onNote(`${path}: ${formatNote(note)}`) });
}

/** The game as the model can judge it. @throws AppError 'invalid-argument' for a board that the model does not play */
function gameFor(read: SgfGame, { ref, sizes, tellsRules }: ModelFacts, onNote: (text: string) => void): GameSoFar {
  const { size, black, white, toMove, moves } = read;
  check(sizes.includes(size), () => {
    return `Model ${ref} plays ${sizes.map((side) => `${side}×${side}`).join(', ')}; the game is on ${size}×${size}`;
  });
  const defaults = defaultRules(size);
  const said = rulesOf(read, defaults);
  const isKnown = tellsRules || !needTelling(said);
  if (!isKnown) onNote(`Model ${ref} knows area scoring alone; the game is reviewed by it`);
  const rules = isKnown ? said : { ...defaults, komi: said.komi };
  return { size, rules, setup: { black, white, toMove }, turns: moves };
}

/** What makes a thinker for one position, where searches are best made. */
async function thinkers(
  connection: Connection,
  { model, config, log }: ReviewOptions,
): Promise<{ readonly thinker: () => GameThinker; readonly close: () => void }> {
  // One game, one precision.
  const game = new GamePrecision(config.precision);
  const precision = (): GamePrecision => game;
  const onTrouble = (error: AppError): void => log.warn({ kind: error.kind, reason: error.message }, 'server trouble');
  const tuning = (): ReturnType<typeof tuningOf> => tuningOf({}, 0);
  const common = { model, precision, patienceMs: PATIENCE_MS };
  if ((await findPlace({ asked: config.search, connection, log })) === 'server') {
    const options = { ...common, connection, tuning, onTrouble, priority: 'bulk' } as const;
    return { thinker: () => new ServerThinker(options), close: () => undefined };
  }
  const evaluator = new RemoteEvaluator(connection, common);
  return { thinker: () => new Thinker(() => evaluator, tuning, onTrouble), close: () => evaluator.close() };
}

function save(path: string, { root, nodes, game }: ReadGame, moves: readonly ReviewedMove[]): void {
  annotate(moves, nodes, parentsOf(root), game.size);
  root.data['CA'] = ['UTF-8'];
  try {
    writeFileSync(path, formatSgfTree(root));
  } catch (error) {
    throw new AppError('invalid-argument', `${path} cannot be written`, { cause: error });
  }
}
