/**
 * How fast the rules are: random games on one thread with full legality (captures, suicide, superko). Own single-point
 * eyes are not filled, so that games end; each game is started by copying an empty position.
 */

import { parseArgs } from 'node:util';
import { Rng } from '../src/core/rng.js';
import { isOwnEye } from '../src/go/eyes.js';
import { katago7 } from '../src/go/katago-features.js';
import { tengen1 } from '../src/go/tengen-features.js';
import { Position } from '../src/go/position.js';
import { defaultRules, koRules, type KoRule } from '../src/go/rules.js';
import { checkSnapshot } from '../src/go/snapshot.js';

/** Plays until both sides pass or `limit` moves are played; a side passes when it has no move but into its own eyes. */
function playGame(position: Position, rng: Rng, limit: number): void {
  const { board, actionCount } = position;
  const { empties, geometry } = board;
  while (!position.isOver && position.moveCount < limit) {
    // A random start in the list of empty cells, then the first that may be played.
    const count = board.emptyCount;
    const start = count > 0 ? rng.int(count) : 0;
    let action = actionCount - 1;
    for (let i = 0; i < count; i++) {
      const cell = empties[start + i < count ? start + i : start + i - count]!;
      if (isOwnEye(board, cell, position.toMove)) continue;
      const point = geometry.pointOf[cell]!;
      if (!position.isLegal(point)) continue;
      action = point;
      break;
    }
    position.play(action);
  }
}

/** Calls `work` for about `ms` milliseconds and returns the microseconds a call. */
function time(ms: number, work: () => void): number {
  const until = performance.now() + ms;
  const start = performance.now();
  let calls = 0;
  while (performance.now() < until) {
    for (let i = 0; i < 100; i++) work();
    calls += 100;
  }
  return ((performance.now() - start) * 1000) / calls;
}

/** Keys: movesPerSecond, gamesPerSecond, and microseconds for the operations that the search uses. */
export function run(args: string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({
    args,
    options: {
      size: { type: 'string', default: '9' },
      seconds: { type: 'string', default: '3' },
      ko: { type: 'string', default: 'positional' },
      seed: { type: 'string', default: '1' },
    },
  });
  const size = Number(values.size);
  const ko: KoRule = koRules.find((rule) => rule === values.ko) ?? 'positional';
  const seconds = Number(values.seconds);
  const rng = new Rng(Number(values.seed));
  const empty = new Position(size, { ...defaultRules(size), ko });
  const position = empty.clone();
  const limit = 3 * size * size;
  const measure = (ms: number): { moves: number; games: number; elapsed: number } => {
    const start = performance.now();
    let moves = 0;
    let games = 0;
    while (performance.now() - start < ms) {
      position.copyFrom(empty);
      playGame(position, rng, limit);
      moves += position.moveCount;
      games++;
    }
    return { moves, games, elapsed: (performance.now() - start) / 1000 };
  };
  measure(500);
  const { moves, games, elapsed } = measure(seconds * 1000);

  // Operations of one simulation, on a position from the middle of a game.
  const middle = empty.clone();
  playGame(middle, rng, Math.round(0.6 * size * size));
  const legal = new Uint8Array(middle.actionCount);
  const planes = new Float32Array(katago7.planes * size * size);
  const globals = new Float32Array(katago7.globals);
  const snapshot = middle.snapshot();
  const features = (): void => tengen1.write(snapshot, 3, planes, 0, globals, 0);
  const katagoFeatures = (): void => katago7.write(snapshot, 3, planes, 0, globals, 0);
  for (const warm of [0, 1, 2]) {
    time(20 + warm, () => position.copyFrom(middle));
    time(20, () => middle.legal(legal));
    time(20, () => middle.snapshot());
    time(20, features);
    time(20, katagoFeatures);
  }
  return Promise.resolve({
    size,
    ko,
    movesPerSecond: Math.round(moves / elapsed),
    gamesPerSecond: Math.round(games / elapsed),
    movesPerGame: moves / games,
    copyUs: time(100, () => position.copyFrom(middle)),
    legalUs: time(100, () => middle.legal(legal)),
    snapshotUs: time(100, () => middle.snapshot()),
    checkSnapshotUs: time(100, () => checkSnapshot(snapshot)),
    featuresUs: time(100, features),
    katagoFeaturesUs: time(100, katagoFeatures),
  });
}
