import { describe, expect, it } from 'vitest';
import { WHITE } from '../../../../src/go/color.js';
import { packPolicy, type GameRecord, type SearchRecord } from '../../../../src/go/game-record.js';
import { defaultRules } from '../../../../src/go/rules.js';
import { formatSgfTree, mainLine, parseSgfTree, type SgfNode } from '../../../../src/go/sgf/tree.js';
import { parseSgf } from '../../../../src/go/sgf/read.js';
import { treeToSgf, type PositionNote } from '../../../../src/go/sgf/variations.js';

const PASS = 9;

function search(likes: number, full = true): SearchRecord {
  const policy = new Float32Array(10);
  [policy[likes], policy[0]] = [0.75, 0.25];
  return { policy: packPolicy(policy), value: 0.5, visits: 16, full };
}

function game(moves: number[], sharedMoves: number, index: number, score: number): GameRecord {
  return {
    gameId: index === 0 ? 'g1' : `g1.${index}`,
    jobId: 'j1',
    modelVersion: 'tiny@0123456789ab',
    seed: 1,
    size: 3,
    rules: defaultRules(3),
    moves,
    score,
    searches: moves.slice(sharedMoves).map((move) => search(move)),
    variation: { treeId: 'g1', index, sharedMoves, backUp: 0, isLast: false },
  };
}

/** Moves from the root, as SGF writes them. */
function lines(node: SgfNode, before: readonly string[] = []): string[] {
  const { B: black, W: white } = node.data;
  const path = [...before, ...(black ? [`B${black[0]!}`] : white ? [`W${white[0]!}`] : [])];
  return node.children.length === 0 ? [path.join(' ')] : node.children.flatMap((child) => lines(child, path));
}

describe('a tree as SGF', () => {
  const tree = [
    game([4, 1, 3, 5, PASS, PASS], 0, 0, 8.5),
    game([4, 1, 5, 3, PASS, PASS], 3, 1, -3.5),
    game([4, 7, PASS, PASS], 2, 2, 1.5),
    game([4, 1, 5, 7, PASS, PASS], 4, 3, 0.5),
  ];
  const note: PositionNote = { labelChangeRate: 0.4932, eligible: true, winRate: 0.75, valueLabel: 2 / 3, games: 3 };

  it('branches where the games do, and has what they share once', () => {
    const root = parseSgfTree(treeToSgf(tree));
    expect(lines(root)).toEqual(['Bbb Wba Bab Wcb B W', 'Bbb Wba Bcb Wab B W', 'Bbb Wba Bcb Wbc B W', 'Bbb Wbc B W']);
    const [move] = root.children;
    expect(root.children).toHaveLength(1);
    expect(move!.children.map(({ data }) => data['N']?.[0])).toEqual([undefined, 'Variation 2: B+1.5']);
    expect([root, move!, move!.children[0]!].map(({ data }) => data['HO']?.[0])).toEqual([undefined, '1', '1']);
  });

  it('says of each position what is known of it, and of each last one how the game ended', () => {
    const text = treeToSgf(tree, {
      comment: 'four games',
      noteOf: (variation, ply) => (variation === 1 && ply === 3 ? note : undefined),
    });
    const root = parseSgfTree(text);
    expect(root.data['C']).toEqual(['four games\nvalue 0.500 for black, 16 visits\nB2 75.0%, A3 25.0%']);
    const drawn = root.children[0]!.children[0]!.children[1]!;
    expect(drawn.data).toMatchObject({
      N: ['Variation 1: W+3.5'],
      SBKV: ['75.00'],
      C: [
        'value 0.500 for white, 16 visits\nA2 75.0%, A3 25.0%\n' +
          'LCR 0.493, a branch may begin here\nlabel 0.667 for black, from 3 games',
      ],
    });
    expect(mainLine(root).at(-1)!.data['C']).toEqual(['Variation 0 ends: B+8.5']);
    expect(formatSgfTree(root)).toBe(text);
    expect(parseSgf(text)).toMatchObject({ size: 3, result: 'B+8.5', gameName: 'g1', moves: { length: 6 } });
  });

  it('of one game is that game', () => {
    const nothing = { policy: new Uint16Array(0), value: 0, visits: 0, full: false };
    const searches = [search(4, false), nothing];
    expect(treeToSgf([{ ...game([4, PASS], 0, 0, 8.5), searches, resigned: WHITE }])).toBe(
      '(;GM[1]FF[4]CA[UTF-8]AP[Tengen]SZ[3]KM[0.5]RU[Chinese]PB[tiny@0123456789ab]PW[tiny@0123456789ab]GN[g1]RE[B+R]' +
        'C[value 0.500 for black, 16 visits (cheap search)\nB2 75.0%, A3 25.0%]\n;B[bb]\n;W[])\n',
    );
  });
});
