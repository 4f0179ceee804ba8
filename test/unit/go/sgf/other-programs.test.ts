import { describe, expect, it } from 'vitest';
import { BLACK, WHITE } from '../../../../src/go/color.js';
import { defaultRules } from '../../../../src/go/rules.js';
import { parseRules } from '../../../../src/go/rule-sets.js';
import { decodeSgf } from '../../../../src/go/sgf/encoding.js';
import { rulesOf, sgfPosition, type SgfGame } from '../../../../src/go/sgf/game.js';
import { formatNote } from '../../../../src/go/sgf/notes.js';
import { parseSgf } from '../../../../src/go/sgf/read.js';
import { picture } from '../../../support/diagram.js';

/** A game, and what was said of its file. */
function read(text: string, before?: number): { game: SgfGame; notes: string[] } {
  const notes: string[] = [];
  const game = parseSgf(text, {
    ...(before !== undefined && { before }),
    onNote: (note) => notes.push(formatNote(note)),
  });
  return { game, notes };
}

describe("other programs' numbers", () => {
  it.each([
    ['KM[6,5]', 6.5, []],
    ['KM[7.5 points]', 7.5, ["line 1, column 8, KM: '7.5 points' was read as 7.5"]],
    ['KM[6½]', 6.5, ["line 1, column 8, KM: '6½' was read as 6.5"]],
    ['KM[]', undefined, []],
    ['KM[six]', undefined, ["line 1, column 8, KM: 'six' is no number and was passed over"]],
    ['KM[375]AP[foxwq]', 7.5, ["line 1, column 8, KM: '375' was read as a komi of 7.5"]],
    ['KM[650]AP[foxwq]', 6.5, ["line 1, column 8, KM: '650' was read as a komi of 6.5"]],
    ['KM[375]', 7.5, ["line 1, column 8, KM: '375' was read as a komi of 7.5"]],
    ['KM[3.75]RU[Chinese]', 7.5, ["line 1, column 8, KM: '3.75' was read as a komi of 7.5"]],
    ['KM[0.00]', 0, []],
    ['KM[-3.5]', -3.5, []],
    [
      'KM[3.75]RU[Japanese]',
      undefined,
      ['line 1, column 8, KM: a komi of 3.75 was passed over; it may be a multiple of 0.5 from -81 to 81'],
    ],
    [
      'KM[99]',
      undefined,
      ['line 1, column 8, KM: a komi of 99 was passed over; it may be a multiple of 0.5 from -81 to 81'],
    ],
  ])('%s is a komi of %s', (properties, komi, said) => {
    const { game, notes } = read(`(;SZ[9]${properties})`);
    expect([game.komi, notes]).toEqual([komi, said]);
  });

  it('reads sizes, handicaps and players in other forms', () => {
    expect(read('(;SZ[19x19]HA[2 stones]PL[2])').game).toMatchObject({ size: 19, handicap: 2, toMove: WHITE });
    expect(read('(;SZ[9:9]HA[none]PL[1])').game).toMatchObject({ size: 9, toMove: BLACK });
    expect(read('(;SZ[nine]PL[X])').notes).toEqual([
      "line 1, column 3, SZ: 'nine' is no number; the board was taken to be 19×19",
      "line 1, column 11, PL: 'X' is no player and was passed over; it may be B or W",
    ]);
  });
});

describe('the form of other files', () => {
  it('passes over text around the game, and other games', () => {
    const { game, notes } = read('Some mail header\n\n (;GM[1]SZ[9]KM[7];B[ee];W[cc])\n-- signature\n');
    expect(game.moves).toHaveLength(2);
    expect(notes).toEqual([
      'line 1, column 1: 19 characters before the game were passed over',
      'line 4, column 1: text after the game was passed over',
    ]);
    expect(read('(;SZ[9];B[aa])(;SZ[5])').notes).toEqual([
      'line 1, column 15: there are more games, which were passed over',
    ]);
  });

  it('takes the end of the text for brackets that are missing there', () => {
    expect(read('(;SZ[9];B[ee](;W[cc]').game.moves).toHaveLength(2);
    const { game, notes } = read('(;SZ[9]\n;B[ee];W[cc');
    expect(game.moves.at(-1)).toEqual({ color: WHITE, action: 20 });
    expect(notes).toEqual([
      "line 2, column 9: the last ']' is missing",
      "line 2, column 12: the text ends with 1 '(' open, which was taken for their end",
    ]);
  });

  it('takes brackets that nobody escaped for text where the file goes on behind them', () => {
    const { game, notes } = read('(;SZ[9]PB[Some One[3d]]PW[x [y] z];B[ee]C[he said ]: no\\]];W[cc])');
    expect(game).toMatchObject({ blackName: 'Some One[3d]', whiteName: 'x [y] z' });
    expect(game.moves[0]!.comment).toBe('he said ]: no]');
    expect(notes.every((note) => note.endsWith("a ']' that is not escaped was taken for a part of the text"))).toBe(
      true,
    );
    expect(notes).toHaveLength(3);
  });

  it('stops telling after fifty notes, however many there would be', () => {
    const { notes, game } = read(`(;SZ[9]${';B[]W[]'.repeat(50_000)})`);
    expect([notes.length, game.moves.length]).toEqual([50, 100_000]);
  });
});

describe('other programs’ games', () => {
  it('goes on as a position from stones set up in the middle', () => {
    const { game, notes } = read('(;SZ[5]KM[7]AB[aa];W[ba];B[ee];W[ab];AB[cc]AW[dd]AE[ee];B[cb])');
    expect(game).toMatchObject({ toMove: BLACK, moves: [{ color: BLACK, action: 7 }] });
    expect(picture(sgfPosition(game, defaultRules(5)))).toBe('.O...\nO.X..\n..X..\n...O.\n.....');
    expect(notes).toEqual([
      'line 1, column 38, AB: stones or a turn are set after move 3; the game goes on from that position',
    ]);
    expect(read('(;SZ[5];B[aa];W[bb];PL[W])').game).toMatchObject({ toMove: WHITE, moves: [], black: [0], white: [6] });
    expect(read('(;SZ[5];B[aa];PL[B];B[bb])').game.moves).toHaveLength(2);
  });

  it('plays both moves of a node, and all points of one color', () => {
    const { game, notes } = read('(;SZ[5];W[aa]B[bb];W[cc][dd];B)');
    expect(game.moves.map(({ color, action }) => [color, action])).toEqual([
      [WHITE, 0],
      [BLACK, 6],
      [WHITE, 12],
      [WHITE, 18],
    ]);
    expect(notes).toHaveLength(4);
  });

  it('plays what our rules forbid: a ko taken back at once, a chain that removes itself', () => {
    const ko = read('(;SZ[9]AB[da][cb][dc]AW[ea][fb][ec][db];B[eb];W[db];B[ee])').game;
    const position = sgfPosition(ko, defaultRules(9));
    expect(position.moveCount).toBe(3);
    expect([position.stoneAt(9 + 3), position.stoneAt(9 + 4)]).toEqual([WHITE, 0]);
    const suicide = read('(;SZ[5]AB[aa][ab]AW[ca][bb][bc][ac];B[ba])').game;
    const after = sgfPosition(suicide, { ...defaultRules(5), suicide: false });
    expect(picture(after)).toBe('..O..\n.O...\nOO...\n.....\n.....');
  });

  it('reads only as far as it is asked, and refuses nothing behind that', () => {
    const text = '(;SZ[5];B[aa];W[bb];B[zz];AB[cc])';
    expect(() => read(text)).toThrow("SGF point 'zz' is not on a board of size 5 (line 1, column 21, B)");
    expect(read(text, 3).game.moves).toHaveLength(2);
    expect(read(text, 1).game.moves).toHaveLength(0);
  });

  it('takes the rules of a file in whole, and says which it does not know', () => {
    const before = { ...parseRules('chinese'), komi: 7.5 };
    const { game } = read('(;SZ[5]KM[0.5]HA[5]RU[Japanese]AB[ca][cb][cc][cd][ce];W[];B[];W[])');
    expect(rulesOf(game, before)).toEqual({ ...parseRules('japanese'), komi: 0.5 });
    expect(sgfPosition(game, before).score()).toBe(19.5);
    expect(read('(;SZ[5]RU[house rules])').notes).toEqual([
      "line 1, column 8, RU: the rules 'house rules' are unknown and were passed over",
    ]);
    expect(read(`(;RU[koSIMPLE${'x'.repeat(1000)}])`).notes[0]).toMatch(/rules were passed over: Rules have 1008/);
  });
});

describe('the characters of a file', () => {
  const bytes = (head: string, name: readonly number[]): Uint8Array =>
    Uint8Array.from([...Buffer.from(`(;${head}SZ[9]PB[`), ...name, ...Buffer.from('];B[ee])')]);

  it.each([
    ['GBK', [0xce, 0xe2, 0xc7, 0xe5, 0xd4, 0xb4], '吴清源', undefined],
    // The second byte of the last character is a backslash.
    ['Shift_JIS', [0x96, 0x7b, 0x88, 0xf6, 0x96, 0x5c], '本因暴', undefined],
    ['EUC-KR', [0xc1, 0xb6, 0xc8, 0xc6, 0xc7, 0xf6], '조훈현', undefined],
    ['ISO-8859-1', [0xe9], 'é', undefined],
    ['Klingon', [0xc3, 0xa9], 'é', 'UTF-8'],
  ])('is %s where the file says so', (name, written, text, guessed) => {
    const decoded = decodeSgf(bytes(`CA[${name}]`, written));
    expect([parseSgf(decoded.text).blackName, decoded.guessed]).toEqual([text, guessed]);
  });

  it('is UTF-8 or Latin-1 where the file says nothing', () => {
    expect(parseSgf(decodeSgf(bytes('', [0xc3, 0xa9])).text).blackName).toBe('é');
    const latin = decodeSgf(bytes('', [0xe9]));
    expect([parseSgf(latin.text).blackName, latin.guessed]).toEqual(['é', 'Latin-1']);
  });
});
