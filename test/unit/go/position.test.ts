import { describe, expect, it } from 'vitest';
import { Board } from '../../../src/go/board.js';
import { BLACK, WHITE } from '../../../src/go/color.js';
import { Position } from '../../../src/go/position.js';
import { defaultRules, koRules, type KoRule } from '../../../src/go/rules.js';
import { diagram, picture } from '../../support/diagram.js';
import { playRandom } from '../../support/random-game.js';

const trimmed = (text: string): string => text.trim().replaceAll(/[ ]/g, '');

describe('captures', () => {
  it('take a chain whose last liberty is filled', () => {
    const { position, at } = diagram(
      `
      . O O .
      O X X a
      . O O .
      . . . .`,
      {},
      WHITE,
    );
    position.play(at('a'));
    expect(picture(position)).toBe('.OO.\nO..O\n.OO.\n....');
  });

  it('take several chains at once', () => {
    const { position, at } = diagram(`
      O a O X
      X O X .
      . X . .
      . . . .`);
    position.play(at('a'));
    expect(picture(position)).toBe(
      trimmed(`
      . X . X
      X . X .
      . X . .
      . . . .`),
    );
  });

  it('come before suicide: a stone that captures may stand without other liberties', () => {
    const { position, at } = diagram(`
      a O X .
      O X X .
      X X . .
      . . . .`);
    expect(position.tryPlay(at('a'))).toBeUndefined();
    expect(picture(position).startsWith('X.X.\n.XX')).toBe(true);
  });

  it('allow a snapback: the chain that took the bait is taken through the same point', () => {
    const { position, at } = diagram(`
      X O a b X
      X O O O X
      X X X X X
      . . . . .
      . . . . .`);
    for (const letter of ['a', 'b', 'a']) position.play(at(letter));
    expect(picture(position).split('\n').slice(0, 3)).toEqual(['X.X.X', 'X...X', 'XXXXX']);
  });
});

describe('suicide', () => {
  const picture1 = `
      a O . .
      O O . .
      . . . .
      . . . .`;
  const picture2 = `
      X a O .
      O O O .
      . . . .
      . . . .`;
  it('of a single stone is illegal under all rules', () => {
    for (const ko of koRules) {
      for (const suicide of [false, true]) {
        const { position, at } = diagram(picture1, { ko, suicide });
        expect(position.tryPlay(at('a'))).toEqual({ illegal: 'suicide' });
      }
    }
  });
  it('of a chain depends on the rules', () => {
    const forbidden = diagram(picture2);
    expect(forbidden.position.tryPlay(forbidden.at('a'))).toEqual({ illegal: 'suicide' });
    const allowed = diagram(picture2, { suicide: true });
    expect(allowed.position.isLegal(allowed.at('a'))).toBe(true);
    allowed.position.play(allowed.at('a'));
    expect(picture(allowed.position).startsWith('..O.\nOOO.')).toBe(true);
    expect(allowed.position.toMove).toBe(WHITE);
  });
  it('may not repeat a position under superko, even where nothing was captured before', () => {
    const position = new Position(2, { ko: 'positional', suicide: true, komi: 0 });
    for (const move of [0, 4, 1, 4, 2, 4]) position.play(move);
    expect(position.tryPlay(3)).toEqual({ illegal: 'superko' });
    expect(position.snapshot().banned).toEqual([3]);
  });
});

const ko = `
      . X O .
      X O a O
      . X O .
      . . . .`;

describe('ko', () => {
  it.each(koRules)('may not be taken back at once under %s, and may after a move elsewhere', (rule) => {
    const { position, at } = diagram(ko, { ko: rule });
    const taken = 5;
    position.play(at('a'));
    expect(position.stoneAt(taken)).toBe(0);
    expect(position.snapshot().banned).toEqual([taken]);
    expect(position.tryPlay(taken)).toEqual({ illegal: 'ko' });
    position.play(15);
    position.play(0);
    expect(position.snapshot().banned).toEqual([]);
    expect(position.tryPlay(taken)).toBeUndefined();
    expect(position.tryPlay(at('a'))).toEqual({ illegal: 'ko' });
  });

  it('may be taken back after two passes in a row only where the rule does not look that far back', () => {
    const legal = koRules.map((rule) => {
      const { position, at } = diagram(ko, { ko: rule });
      position.play(at('a'));
      position.play(16);
      // Black to move: hand the turn to White as GTP may. The ko is not immediate any more, the repetition remains.
      position.setToMove(WHITE);
      return position.isLegal(5);
    });
    expect(legal).toEqual([true, false, false]);
  });

  it('is no ko when two stones are taken', () => {
    const { position, at } = diagram(`
      . X X O .
      X O O a O
      . X X O .
      . . . . .
      . . . . .`);
    position.play(at('a'));
    expect(position.stoneAt(6)).toBe(0);
    expect(position.isLegal(7)).toBe(true);
  });
});

describe('sending two stones and returning one', () => {
  // White adds a, Black takes both stones with b, White takes back at c: the first position again, Black to move.
  function afterTheCapture(rule: KoRule): { position: Position; a: number; c: number } {
    const { position, at } = diagram(
      `
      a O b O .
      X X O O .
      . . X X .
      . . . . .
      . . . . .`,
      { ko: rule },
      WHITE,
    );
    position.play(at('a'));
    position.play(at('b'));
    expect(picture(position).split('\n')[0]).toBe('..XO.');
    return { position, a: at('a'), c: 1 };
  }

  it('is allowed without end under simple ko', () => {
    const { position, a, c } = afterTheCapture('simple');
    position.play(c);
    position.play(25);
    expect(position.tryPlay(a)).toBeUndefined();
  });
  it('is stopped by positional superko when the stone is taken back', () => {
    const { position, c } = afterTheCapture('positional');
    expect(position.tryPlay(c)).toEqual({ illegal: 'superko' });
    expect(position.snapshot().banned).toEqual([c]);
  });
  it('is stopped by situational superko one move later, when White would send two again', () => {
    const { position, a, c } = afterTheCapture('situational');
    expect(position.snapshot().banned).toEqual([]);
    position.play(c);
    position.play(25);
    expect(position.tryPlay(a)).toEqual({ illegal: 'superko' });
    expect(position.snapshot().banned).toEqual([a]);
  });
});

describe('scoring', () => {
  const seki =
    '. O X . O X . / . O X . O X . / O O O O X X . / O . O X X . . / . . O X . . . / . . O X . . . / . . O X . . .';

  it.each([
    ['counts stones and what only they touch', 'X . X O / X X X O / O O O . / . O . .', 6 - 10],
    ['gives nobody a region that touches both', 'X . O / X . O / X . O', 0],
    ['gives nobody the empty board', '. . / . .', 0],
    ['gives one stone the whole board', '. . . / . X . / . . .', 9],
    ['leaves the liberties that a seki shares to nobody', seki, 25 - 22],
    ['takes every stone as alive', 'X X X X X / X . O . X / X X X X X / O O O O O / . O . O .', 12 - 11],
  ])('%s', (_, rows, expected) => {
    const { position } = diagram(rows.replaceAll(' / ', '\n'));
    expect(position.score()).toBe(expected);
    const area = new Int8Array(position.size ** 2);
    position.areaInto(area);
    expect(area.reduce((sum, owner) => sum + owner, 0)).toBe(expected);
  });

  it('subtracts komi and is seen from both sides', () => {
    const { position } = diagram('. . .\n. X .\n. . .', { komi: 8.5 });
    expect(position.score()).toBe(0.5);
    expect(position.terminalValue()).toBe(1);
    position.setToMove(WHITE);
    expect(position.terminalValue()).toBe(-1);
    position.setKomi(9);
    expect(position.terminalValue()).toBe(0);
  });

  it('maps every point to its owner', () => {
    const { position } = diagram('. X .\nX X .\n. O O');
    const area = new Int8Array(9);
    position.areaInto(area);
    expect([...area]).toEqual([1, 1, 0, 1, 1, 0, 0, -1, -1]);
  });
});

describe('setting up', () => {
  it('takes the place of moves: no history, and the turn stays', () => {
    const position = new Position(9, defaultRules(9));
    position.placeStones([20, 24], BLACK);
    expect([position.moveCount, position.toMove, position.stoneAt(20)]).toEqual([0, BLACK, BLACK]);
    position.setToMove(WHITE);
    position.play(0);
    expect(position.stoneAt(0)).toBe(WHITE);
    expect(() => position.placeStones([40], BLACK)).toThrow('Stones cannot be set up after 1 moves');
  });
  it('refuses what no position can be', () => {
    const position = new Position(3, defaultRules(3));
    position.placeStones([1, 3], WHITE);
    expect(() => position.placeStones([0], BLACK)).toThrow('A setup stone at A3 leaves a chain without liberty');
    expect(() => position.placeStones([1], BLACK)).toThrow('Setup point B3 is already taken');
    expect(() => position.placeStones([9], BLACK)).toThrow('Setup point 9 is off a board of size 3');
  });
  it('lets one side play twice, which cuts the list of latest moves', () => {
    const position = new Position(5, defaultRules(5));
    for (const move of [0, 1, 2]) position.play(move);
    expect(position.lastMoves).toEqual([2, 1, 0]);
    position.setToMove(BLACK);
    expect(position.lastMoves).toEqual([]);
    position.play(3);
    position.setToMove(WHITE);
    expect(position.lastMoves).toEqual([3]);
    expect(position.moves).toEqual([0, 1, 2, 3]);
  });
});

describe('the end', () => {
  it('comes with two passes, after which nothing is legal until the game is reopened', () => {
    const position = new Position(3, defaultRules(3));
    position.play(9);
    expect(position.isOver).toBe(false);
    position.play(9);
    expect(position.isOver).toBe(true);
    expect(position.legal(new Uint8Array(10))).toBe(0);
    expect(position.tryPlay(0)).toEqual({ illegal: 'over' });
    expect(position.tryPlay(9)).toEqual({ illegal: 'over' });
    position.reopen();
    expect(position.tryPlay(0)).toBeUndefined();
  });
  it('is named in the error of an illegal move, which changes nothing', () => {
    const position = new Position(3, defaultRules(3));
    position.play(4);
    expect(() => position.play(4)).toThrow('Move 2, B2, is illegal: occupied');
    expect(() => position.play(10)).toThrow('Move 2, 10, is illegal: off-board');
    expect(() => position.play(-1)).toThrow('off-board');
    expect(() => position.play(0.5)).toThrow('off-board');
    expect(position.moves).toEqual([4]);
  });

  it('of a long game keeps the whole history in copies', () => {
    const position = new Position(4, { ko: 'simple', suicide: false, komi: 0 });
    const copy = position.clone();
    playRandom(position, 4, 1000);
    expect(position.moveCount).toBeGreaterThan(300);
    copy.copyFrom(position);
    expect(copy.moves).toEqual(position.moves);
    copy.copyFrom(new Position(4, position.rules));
    expect(copy.moves).toEqual([]);
  });
});

describe('the board of a position', () => {
  it('is a view that nobody may change, which goes on with the game', () => {
    const position = new Position(3, defaultRules(3));
    const { board } = position;
    position.play(4);
    expect(board.emptyCount).toBe(8);
    // Each of these would change the game behind its history; the type check refuses them.
    const changes = [
      // @ts-expect-error: the view has none of a board's methods
      (): keyof typeof board => 'place',
      // @ts-expect-error: an array of the view cannot be written
      (): number => (board.stones[0] = BLACK),
      // @ts-expect-error: nor is it a typed array, which could be filled
      (): Uint16Array => board.empties,
      // @ts-expect-error: nor can a table that all boards share
      (): number => (board.geometry.cellOf[0] = 0),
      // @ts-expect-error: nor a number
      (): number => (board.emptyCount = 0),
    ];
    expect(changes).toHaveLength(5);
  });

  it('is copied into a board that may be changed apart from the game', () => {
    const position = new Position(3, defaultRules(3));
    position.play(4);
    const board = new Board(3);
    position.copyBoardInto(board);
    expect(board.stones).toEqual(position.board.stones);
    board.place(board.geometry.cellOf[0]!, WHITE);
    expect([position.stoneAt(0), position.board.emptyCount, board.emptyCount]).toEqual([0, 8, 7]);
  });
});
