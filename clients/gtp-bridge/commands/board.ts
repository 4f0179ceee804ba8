/** Setting up the board and playing on it ("GTP protocol version 2, draft 2", sections 6.3.2 and 6.3.3). */

import { check } from '../../../src/core/errors.js';
import { BLACK, WHITE, type Color } from '../../../src/go/color.js';
import { fixedHandicap, freeHandicap, maxFixedHandicap } from '../../../src/go/handicap.js';
import { formatVertex } from '../../../src/go/vertex.js';
import { GameState, type Setup } from '../../../src/player/game-state.js';
import { color, number, vertex, word } from '../arguments.js';
import type { Handler, Invocation } from '../engine.js';
import { refusal } from '../refusal.js';
import type { Session } from '../session.js';
import { drawBoard } from '../show-board.js';

/** The commands that set up and change the game. */
export function boardCommands(session: Session): readonly (readonly [string, Handler])[] {
  return [
    // KataGo takes a width and a height here, too.
    ['boardsize', ({ args }) => setRectangle(session, args.length > 1 ? args : [word(args, 0), word(args, 0)])],
    ['rectangular_boardsize', ({ args }) => setRectangle(session, args)],
    ['clear_board', () => (session.clear(), '')],
    ['set_position', ({ args }) => setPosition(session, args)],
    ['komi', ({ args }) => (session.setKomi(number(args, 0)), '')],
    ['get_komi', () => String(session.game.rules.komi)],
    ['play', (invocation) => play(session, invocation)],
    ['undo', () => (session.undo(), '')],
    ['fixed_handicap', ({ args }) => placeFixed(session, number(args, 0, { integer: true }))],
    ['place_free_handicap', ({ args }) => placeFree(session, number(args, 0, { integer: true }))],
    ['set_free_handicap', ({ args }) => setHandicap(session, args)],
    ['showboard', () => `\n${drawBoard(session.game)}`],
  ];
}

function setSize(session: Session, size: number): string {
  if (!session.allowsSize(size)) throw refusal('unacceptable size');
  session.setSize(size);
  return '';
}

function setRectangle(session: Session, args: readonly string[]): string {
  const [width, height] = [number(args, 0, { integer: true }), number(args, 1, { integer: true })];
  if (width !== height) throw refusal('unacceptable size: only square boards are played');
  return setSize(session, width);
}

/** `COLOR VERTEX COLOR VERTEX …`: a position without a history. Nothing changes if it cannot be. */
function setPosition(session: Session, args: readonly string[]): string {
  const { size } = session.game;
  const stones = new Map<number, Color>();
  for (let i = 0; i < args.length; i += 2) {
    const point = vertex(word(args, i + 1), size, 'bad vertex list');
    if (point === size * size || stones.has(point)) throw refusal('bad vertex list');
    stones.set(point, color(args, i));
  }
  const of = (wanted: Color): number[] => [...stones].filter(([, each]) => each === wanted).map(([point]) => point);
  const setup: Setup = { black: of(BLACK), white: of(WHITE), toMove: BLACK };
  try {
    new GameState(size, session.game.rules).setUp(setup);
  } catch (error) {
    throw refusal('illegal position', error);
  }
  session.clear();
  session.setUp(setup);
  return '';
}

function play(session: Session, { args }: Invocation): string {
  const player = color(args, 0);
  const where = word(args, 1);
  // A controller may report how a game ended; nothing on the board changes.
  if (where.toLowerCase() === 'resign') return '';
  session.play(player, vertex(where, session.game.size));
  return '';
}

function placeFixed(session: Session, count: number): string {
  requireFresh(session);
  return setPoints(
    session,
    orRefuse(() => fixedHandicap(session.game.size, count)),
  );
}

/** The fixed places as far as they go: a network that never played with handicap knows no better ones. */
function placeFree(session: Session, count: number): string {
  requireFresh(session);
  const { size } = session.game;
  const small = maxFixedHandicap(size) === 0;
  return setPoints(
    session,
    orRefuse(() => (small ? spreadStones(size, count) : freeHandicap(size, count))),
  );
}

function setHandicap(session: Session, args: readonly string[]): string {
  requireFresh(session);
  const { size } = session.game;
  const pass = size * size;
  const points = args.map((text) => vertex(text, size, 'bad vertex list'));
  const bad = points.includes(pass) || new Set(points).size < points.length;
  if (bad || points.length < 2 || points.length > pass - 1) throw refusal('bad vertex list');
  setPoints(session, points);
  return '';
}

function orRefuse(points: () => readonly number[]): readonly number[] {
  try {
    return points();
  } catch (error) {
    throw refusal('invalid number of stones', error);
  }
}

function requireFresh(session: Session): void {
  if (!session.game.isFresh) throw refusal('board not empty');
}

function setPoints(session: Session, points: readonly number[]): string {
  session.setUp({ black: points, white: [], toMove: WHITE });
  return points.map((point) => formatVertex(point, session.game.size)).join(' ');
}

/** Places for boards too small for fixed handicap: around the centre, two apart, never so many that the board fills. */
function spreadStones(size: number, count: number): readonly number[] {
  const points: number[] = [];
  for (let row = 1; row < size - 1; row += 2) {
    for (let column = 1; column < size - 1; column += 2) points.push(row * size + column);
  }
  check(count >= 2 && points.length >= 2, 'a handicap has two stones at least');
  const centre = (size - 1) / 2;
  const distance = (point: number): number =>
    Math.abs(Math.floor(point / size) - centre) + Math.abs((point % size) - centre);
  return points.sort((a, b) => distance(a) - distance(b) || a - b).slice(0, Math.min(count, points.length));
}
