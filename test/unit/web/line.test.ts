import { describe, expect, it } from 'vitest';
import * as lines from '../../../clients/web/board/line.js';
import { BLACK, EMPTY, WHITE } from '../../../src/go/color.js';
import { defaultRules } from '../../../src/go/rules.js';
import { parseVertex } from '../../../src/go/vertex.js';
import { playTree } from '../../support/played-tree.js';

const at = (vertex: string): number => parseVertex(vertex, 5);

/** A 5×5 game with these moves, shown at its end. */
function lineOf(...vertices: readonly string[]): lines.Line {
  return vertices.reduce((line, vertex) => lines.played(line, at(vertex)), lines.emptyLine(5));
}

describe('a line of moves', () => {
  it('begins empty, with the komi of its board or the one that is asked for', () => {
    expect(lines.emptyLine(7).rules).toEqual(defaultRules(7));
    expect(lines.emptyLine(7, 3.5).rules.komi).toBe(3.5);
    expect(() => lines.emptyLine(7, 0.25)).toThrow(/0\.25/);
  });

  it('is shown at any place, and no place outside it', () => {
    const line = lineOf('C3', 'D4', 'B2');
    expect(lines.positionAt(lines.goTo(line, 1)).stoneAt(at('D4'))).toBe(EMPTY);
    expect(lines.positionAt(lines.goTo(line, 2)).stoneAt(at('D4'))).toBe(WHITE);
    expect([-4, 0, 2, 3, 99].map((ply) => lines.goTo(line, ply).ply)).toEqual([0, 0, 2, 3, 3]);
    expect([0, 1, 2, 3].map((ply) => lines.toMoveAt(line, ply))).toEqual([BLACK, WHITE, BLACK, WHITE]);
  });

  it('keeps what comes after when the same move is played again, and drops it for another', () => {
    const back = lines.goTo(lineOf('C3', 'D4', 'B2'), 1);
    expect(lines.played(back, at('D4'))).toMatchObject({ ply: 2, turns: { length: 3 } });
    const other = lines.played(back, at('A1'));
    expect(other.turns.map(({ action }) => action)).toEqual([at('C3'), at('A1')]);
    expect(lines.undo(back)).toMatchObject({ ply: 0, turns: [] });
    expect(lines.undo(lines.emptyLine(5))).toMatchObject({ ply: 0, turns: [] });
  });

  it('refuses what is illegal and stays as it is', () => {
    const line = lineOf('C3');
    expect(lines.play(line, at('C3'))).toEqual({ illegal: 'occupied' });
    expect(() => lines.played(line, at('C3'))).toThrow('illegal');
    expect(line.turns).toHaveLength(1);
  });

  it('goes to SGF and back, with setup, sides that play twice, and moves after two passes', () => {
    const text = '(;GM[1]SZ[5]KM[2.5]RU[Chinese]AB[aa][bb]AW[cc]PL[W];W[dd];W[ee];B[];W[];B[ab])';
    const line = lines.lineFromSgf(text);
    expect(line).toMatchObject({ size: 5, ply: 5, rules: { komi: 2.5 }, setup: { toMove: WHITE } });
    expect(line.turns.map(({ color }) => color)).toEqual([WHITE, WHITE, BLACK, WHITE, BLACK]);
    expect(lines.positionAt(line).isOver).toBe(false);
    expect(lines.lineFromSgf(lines.lineToSgf(line))).toEqual(line);
  });

  it('says what is wrong with a file', () => {
    expect(() => lines.lineFromSgf('(;SZ[5];B[cc];W[cc])')).toThrow(/occupied/);
    expect(() => lines.lineFromSgf('(;SZ[25])')).toThrow(/25/);
    expect(lines.lineFromSgf('(;SZ[5]KM[0.3])').rules.komi).toBe(lines.emptyLine(5).rules.komi);
  });

  it('takes over a stored game', () => {
    const [record] = playTree({ size: 5, branching: { variations: 1 } });
    const line = lines.lineFromRecord(record!, 3);
    expect(line).toMatchObject({ size: 5, ply: 3, rules: record!.rules, turns: { length: record!.moves.length } });
    expect(lines.positionAt(line).moveCount).toBe(3);
    expect(lines.lineFromRecord(record!).ply).toBe(record!.moves.length);
  });
});
