import { describe, expect, it } from 'vitest';
import sabaki from '@sabaki/sgf';
import { Rng } from '../../src/core/rng.js';
import { BLACK, WHITE, type Color } from '../../src/go/color.js';
import { Position } from '../../src/go/position.js';
import { handicapBonuses, koRules, scorings, taxes } from '../../src/go/rules.js';
import { rulesOf, setUpPosition, type SgfGame, type SgfMove } from '../../src/go/sgf/game.js';
import { parseSgf } from '../../src/go/sgf/read.js';
import { formatSgfTree } from '../../src/go/sgf/tree.js';
import { sgfTree } from '../../src/go/sgf/write.js';

const defaults = { ko: 'simple', suicide: false, komi: 0 } as const;

const texts = ['', 'plain', '天元 [3d]', 'back\\slash ] and [', 'two\nlines', ']];B[aa]', '(;'] as const;

/** A game with whatever a file may say, its moves at random by any rules. */
function randomGame(rng: Rng): SgfGame {
  const pick = <T>(list: readonly T[]): T => list[rng.int(list.length)]!;
  const text = (name: string): object => (rng.int(2) ? { [name]: pick(texts).trim() } : {});
  const size = 2 + rng.int(8);
  const rules = {
    ko: pick(koRules),
    suicide: rng.int(2) === 1,
    scoring: pick(scorings),
    tax: pick(taxes),
    whiteHandicapBonus: pick(handicapBonuses),
    friendlyPassOk: rng.int(2) === 1,
    komi: (rng.int(4 * size) - 2 * size) / 2,
  };
  const points = Array.from({ length: rng.int(4) }, () => rng.int(size * size));
  const black = [...new Set(points)].sort((a, b) => a - b);
  const setup = { black: size > 3 ? black : [], white: [], toMove: pick<Color>([BLACK, WHITE]) };
  const position = setUpPosition(size, rules, setup);
  const moves: SgfMove[] = [];
  for (let wanted = rng.int(60); wanted > 0; wanted--) {
    const color = rng.int(8) ? position.toMove : pick<Color>([BLACK, WHITE]);
    const action = rng.int(size * size + 1);
    if (!canPlay(position, color, action)) continue;
    moves.push({ color, action, ...(rng.int(4) === 0 && { comment: pick(texts) }) });
  }
  const names = { ...text('blackName'), ...text('whiteName'), ...text('gameName'), ...text('comment') };
  const handicap = rng.int(2) ? { handicap: rng.int(9) } : {};
  const result = rng.int(2) ? { result: pick(['B+3.5', 'W+R', '0', 'Void', '?']) } : {};
  return { size, ...setup, moves, ...rules, ...names, ...handicap, ...result };
}

function canPlay(position: Position, color: Color, action: number): boolean {
  try {
    position.playFreely(color, action);
    return true;
  } catch {
    return false;
  }
}

describe('a game written as SGF', () => {
  it('is read back as it was, with nothing passed over', () => {
    const rng = new Rng(20261201);
    for (let game = 0; game < 300; game++) {
      const written = randomGame(rng);
      const notes: unknown[] = [];
      const read = parseSgf(formatSgfTree(sgfTree(written)), { onNote: (note) => notes.push(note) });
      // A file leaves out what its rules mean anyway.
      expect([{ ...read, ...rulesOf(read, defaults) }, notes]).toEqual([written, []]);
    }
  });

  it("is read by Sabaki's reader as by ours", () => {
    const rng = new Rng(7);
    for (let game = 0; game < 100; game++) {
      const text = formatSgfTree(sgfTree(randomGame(rng)));
      const [root] = sabaki.parse(text);
      const { moves, blackName } = parseSgf(text);
      const line: unknown[] = [];
      for (let node = root?.children[0]; node; node = node.children[0]) line.push(node.data['B'] ?? node.data['W']);
      expect(line).toHaveLength(moves.length);
      expect(root?.data['PB']?.[0]?.trim()).toBe(blackName);
    }
  });
});
