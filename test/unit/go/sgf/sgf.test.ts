import { describe, expect, it } from 'vitest';
import { BLACK, WHITE, type Color } from '../../../../src/go/color.js';
import { defaultRules, scorings, taxes } from '../../../../src/go/rules.js';
import { formatRules, parseRules } from '../../../../src/go/rule-sets.js';
import { formatSgfTree, mainLine, parseSgfTree } from '../../../../src/go/sgf/tree.js';
import { sgfPosition, type SgfGame } from '../../../../src/go/sgf/game.js';
import { parseSgf } from '../../../../src/go/sgf/read.js';
import { formatResult, sgfTree } from '../../../../src/go/sgf/write.js';
import { picture } from '../../../support/diagram.js';

describe('reading SGF', () => {
  it('takes rules, names, result and the moves of the main line', () => {
    const game = parseSgf(
      `(;GM[1]FF[4]SZ[9]KM[6.5]RU[AGA]PB[Lee \\[9p\\]]PW[Tengen]RE[B+R]C[the game]
        ;B[ee]C[centre];W[gc](;B[];W[tt](;B[aa])(;B[bb]))(;B[cc]))`,
    );
    expect(game).toEqual({
      size: 9,
      komi: 6.5,
      ko: 'situational',
      suicide: false,
      scoring: 'area',
      tax: 'none',
      black: [],
      white: [],
      toMove: BLACK,
      moves: [
        { color: BLACK, action: 40, comment: 'centre' },
        { color: WHITE, action: 24 },
        { color: BLACK, action: 81 },
        { color: WHITE, action: 81 },
        { color: BLACK, action: 0 },
      ],
      blackName: 'Lee [9p]',
      whiteName: 'Tengen',
      result: 'B+R',
      comment: 'the game',
    } satisfies SgfGame);
  });

  it('sets up stones, rectangles and erasures, also in nodes before the first move', () => {
    const game = parseSgf('(;SZ[5]AB[aa:cb][ee]AW[dd];AE[aa]AW[bb]PL[W];W[ed])');
    expect(game.toMove).toBe(WHITE);
    expect(picture(sgfPosition(game, defaultRules(5), 0))).toBe('.XX..\nXOX..\n.....\n...O.\n....X');
    expect(sgfPosition(game, defaultRules(5)).stoneAt(19)).toBe(WHITE);
  });

  it('lets White begin a handicap game that does not say who does', () => {
    expect(parseSgf('(;SZ[9]HA[2]AB[cg][gc])')).toMatchObject({ handicap: 2, toMove: WHITE });
    expect(parseSgf('(;SZ[9];W[aa])').toMove).toBe(WHITE);
    expect(parseSgf('(;SZ[9])').toMove).toBe(BLACK);
  });

  it('uses the defaults for what the file leaves out', () => {
    const defaults = { ko: 'situational', suicide: true, komi: 2 } as const;
    expect(sgfPosition(parseSgf('(;SZ[5])'), defaults).rules).toEqual(defaults);
    expect(sgfPosition(parseSgf('(;SZ[5]KM[0]RU[Chinese])'), defaults).rules).toEqual({
      ko: 'simple',
      suicide: false,
      komi: 0,
      scoring: 'area',
      tax: 'none',
      whiteHandicapBonus: '0',
      friendlyPassOk: false,
    });
    expect(parseSgf('(;)').size).toBe(19);
  });

  it('follows games that go on after two passes or where one side plays twice', () => {
    const position = sgfPosition(parseSgf('(;SZ[3];B[];W[];B[bb];B[aa])'), defaultRules(3));
    expect(picture(position)).toBe('X..\n.X.\n...');
    expect(position.isOver).toBe(false);
  });

  it.each([
    ['', 'the text is empty'],
    ['hello', "there is no '(;' in it; it begins with 'hello'"],
    ['(;SZ[9]\n;B[aa]*)', "unexpected '*' at line 2, column 7"],
    ['(;[9])', "the value '9' at line 1, column 3 belongs to no property"],
    ['(SZ[9])', "there is no '(;' in it; it begins with '('"],
    ['(;SZ[9](SZ[9]))', "'SZ' instead of ';' after '(' at line 1, column 8"],
    ['(;GM[2]SZ[9])', "game type GM is '2'"],
    ['(;SZ[9:13])', 'The board of the SGF is 9×13, which is not square'],
    ['(;SZ[25])', 'size is 25; it must be a whole number from 2 to 19'],
    ['(;SZ[9];B[jj])', "SGF point 'jj' is not on a board of size 9 (line 1, column 9, B)"],
    ['(;SZ[9];B[a])', "SGF point 'a' is not"],
    ['(;SZ[9]AB[aa:zz])', "SGF point 'aa:zz' is not"],
    ['(;SZ[5];B[aa]\n;W[bb];B[aa])', 'Move 3, A5, is illegal: occupied (line 2, column 8, B)'],
    ['(;SZ[5]AB[ba][ab];W[aa])', 'Move 1, A5, is illegal: suicide (line 1, column 19, W)'],
  ])('refuses %.40j', (text, message) => {
    expect(() => parseSgf(text)).toThrow(message);
  });

  it('reads and writes variations however deep they are nested', () => {
    const text = `${'(;'.repeat(50_000)}${')'.repeat(50_000)}`;
    const root = parseSgfTree(text);
    expect(mainLine(root)).toHaveLength(50_000);
    expect(mainLine(parseSgfTree(formatSgfTree(root)))).toHaveLength(50_000);
  });

  it('names the illegal move of a game', () => {
    const color: Color = BLACK;
    const game = {
      ...parseSgf('(;SZ[5];B[aa];W[bb])'),
      moves: [0, 6, 0].map((action) => ({ color, action })),
    };
    expect(() => sgfPosition(game, defaultRules(5))).toThrow('Move 3, A5, is illegal: occupied');
  });
});

describe('writing SGF', () => {
  const game: SgfGame = {
    size: 5,
    komi: 0.5,
    ko: 'simple',
    suicide: true,
    scoring: 'area',
    tax: 'none',
    black: [0, 6],
    white: [24],
    toMove: WHITE,
    moves: [
      { color: WHITE, action: 12, comment: 'brackets ] and \\ slashes\nin two lines' },
      { color: BLACK, action: 25 },
    ],
    handicap: 2,
    blackName: '天元',
    whiteName: 'Tengen',
    result: 'W+1.5',
    gameName: 'test',
    comment: 'hello',
  };

  it('is read back as it was', () => {
    expect(parseSgf(formatSgfTree(sgfTree(game)))).toMatchObject(game);
  });

  it('is read back under all rules', () => {
    for (const ko of ['simple', 'positional', 'situational'] as const) {
      for (const suicide of [false, true]) {
        for (const scoring of scorings) {
          for (const tax of taxes) {
            const one = { ...game, ko, suicide, scoring, tax };
            expect(parseSgf(formatSgfTree(sgfTree(one)))).toMatchObject(one);
          }
        }
      }
    }
    const bonus = { ...game, whiteHandicapBonus: 'N-1', friendlyPassOk: true } as const;
    expect(parseSgf(formatSgfTree(sgfTree(bonus)))).toMatchObject(bonus);
  });

  it.each([
    ['japanese', 'Japanese'],
    ['chinese', 'koSIMPLEscoreAREAtaxNONEsui0whbNfpok1'],
    ['tromp-taylor', 'Tromp-Taylor'],
    ['ancient-territory', 'koSIMPLEscoreTERRITORYtaxALLsui0'],
  ])("writes KataGo's %s rules as %s, which is read as the same", (name, written) => {
    const rules = parseRules(name);
    const tree = sgfTree({ ...game, ...rules });
    expect(tree.data['RU']).toEqual([written]);
    const { ko, suicide, ...others } = parseSgf(formatSgfTree(tree));
    expect(formatRules({ ...others, ko: ko!, suicide: suicide! })).toBe(formatRules(rules));
  });

  it('counts territory in a game by Japanese or Korean rules, and says nothing of rules it does not know', () => {
    for (const name of ['Japanese', 'japan', 'Korean']) {
      const { rules } = sgfPosition(parseSgf(`(;SZ[5]RU[${name}])`), defaultRules(5));
      expect(rules).toMatchObject({ ko: 'simple', suicide: false, scoring: 'territory', tax: 'seki' });
    }
    // One stone surrounds the three other points.
    const played = parseSgf('(;SZ[2]KM[0]RU[Japanese];B[aa];W[];B[];W[])');
    expect(sgfPosition(played, defaultRules(2)).score()).toBe(3);
    expect(sgfPosition({ ...played, scoring: 'area' }, defaultRules(2)).score()).toBe(4);
    expect(parseSgf('(;SZ[5]RU[house rules])').ko).toBeUndefined();
  });

  it('keeps variations and comments that were added to the tree', () => {
    const tree = sgfTree(game);
    const first = tree.children[0]!;
    first.children.push({ data: { B: ['aa'], C: ['better?'] }, children: [{ data: { W: ['ba'] }, children: [] }] });
    const again = parseSgfTree(formatSgfTree(tree));
    expect(again.children[0]!.children.map((node) => node.data)).toEqual([{ B: [''] }, { B: ['aa'], C: ['better?'] }]);
    expect(formatSgfTree(again)).toBe(formatSgfTree(tree));
    expect(parseSgf(formatSgfTree(tree)).moves).toEqual(game.moves);
  });

  it('names results', () => {
    expect([formatResult(3.5), formatResult(-1), formatResult(0), formatResult(9, BLACK)]).toEqual([
      'B+3.5',
      'W+1',
      '0',
      'W+R',
    ]);
  });
});

describe('SGF that is too much', () => {
  it('is read if one value is as long as a file may be', () => {
    const comment = `no\\]pe${'x'.repeat(100)}`.repeat(150_000);
    expect(parseSgf(`(;SZ[9]C[${comment}];B[aa])`).comment).toHaveLength(15_750_000);
  });

  it.each([
    [
      'a comment of 50 MB',
      `(;C[${'x'.repeat(50_000_000)}])`,
      'The SGF has 50000006 characters; it may have 16777216 at most',
    ],
    ['nodes', `(${';'.repeat(1_000_001)})`, 'more than 1000000 nodes, properties and values at line 1, column 1000002'],
    ['values', `(;AB${'[aa]'.repeat(1_000_001)})`, 'more than 1000000 nodes, properties and values'],
    ['a first word', 'x'.repeat(1_000_000), `it begins with '${'x'.repeat(100)}…'`],
    ['a value of no property', `(;[${'x'.repeat(1_000_000)}])`, `the value '${'x'.repeat(100)}…' at`],
    ['a point', `(;B[${'a'.repeat(1_000_000)}])`, `SGF point '${'a'.repeat(100)}…' is not on a board`],
    ['rectangles', `(;AB${'[aa:ss]'.repeat(10_001)})`, 'more than 10000 points and rectangles'],
  ])('is refused with the size of it: %s', (_, text, message) => {
    let thrown: unknown;
    try {
      parseSgf(text);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ name: 'AppError', kind: 'invalid-argument' });
    const { message: said } = thrown as Error;
    expect(said).toContain(message);
    expect(said.length).toBeLessThan(500);
  });

  it('is written in one go, however many nodes it has', () => {
    const text = `(${';B[]'.repeat(100_000)})`;
    expect(formatSgfTree(parseSgfTree(text))).toHaveLength(text.length + 100_000);
  });
});
