import { describe, expect, it } from 'vitest';
import { parseAnalysisArguments, type AnalysisStyle } from '../../../clients/gtp-bridge/analysis-arguments.js';
import { formatReport } from '../../../clients/gtp-bridge/analysis-report.js';
import type { Opinion } from '../../../src/player/opinion.js';
import { BLACK, WHITE } from '../../../src/go/color.js';
import { GtpConversation } from '../../support/gtp-session.js';
import { readSabakiAnalysis } from '../../support/sabaki-analysis.js';

const parse = (text: string, style: AnalysisStyle = 'kata') =>
  parseAnalysisArguments(text.split(' ').filter(Boolean), style, 9);

describe('analysis arguments', () => {
  it('may give the player, the interval, both or neither, and the interval by name', () => {
    expect(parse('b 50')).toMatchObject({ player: BLACK, intervalMs: 500 });
    expect(parse('50')).toMatchObject({ player: undefined, intervalMs: 500 });
    expect(parse('White interval 20')).toMatchObject({ player: WHITE, intervalMs: 200 });
    expect(parse('')).toMatchObject({ player: undefined, intervalMs: 1000 });
  });

  it('may limit the moves reported and forbid moves to a player for some plies', () => {
    const request = parse('b 50 minmoves 3 maxmoves 5 avoid b A1,pass 2 allow w A1,B1 1');
    expect(request).toMatchObject({ minMoves: 3, maxMoves: 5 });
    const [avoid, allow] = request.restrictions;
    expect(avoid).toMatchObject({ player: BLACK, depth: 2 });
    expect(Array.from(avoid!.allowed).filter((allowed) => allowed === 0)).toHaveLength(2);
    expect(allow).toMatchObject({ player: WHITE, depth: 1 });
    expect(Array.from(allow!.allowed).filter((allowed) => allowed === 1)).toHaveLength(2);
  });

  it('that are not supported are refused, so that a GUI can probe for them', () => {
    for (const text of [
      'b 50 ownershipStdev true',
      'b 50 pvVisits maybe',
      'purple',
      'b 50 minmoves',
      'b 50 avoid b A1',
    ]) {
      expect(() => parse(text), text).toThrow('syntax error');
    }
    expect(() => parse('b 50 ownership true', 'lz')).toThrow('syntax error');
  });
});

const opinion: Opinion = {
  size: 9,
  visits: 31,
  value: 0.2,
  rawValue: 0.1,
  utility: 0.3,
  score: 1.5,
  scoreStdev: 8,
  lead: 1.5,
  ownership: new Float32Array(81).fill(0.25),
  candidates: [
    {
      action: 40,
      visits: 20,
      value: 0.5,
      lowerBound: 0.1,
      utility: 0,
      utilityLowerBound: -1,
      weight: 0,
      score: 2,
      scoreStdev: 8,
      lead: 2,
      prior: 0.4,
      line: [40, 41],
      lineVisits: [20, 9],
      ownership: new Float32Array(81),
    },
    {
      action: 81,
      visits: 10,
      value: -0.5,
      lowerBound: -1,
      utility: 0,
      utilityLowerBound: -1,
      weight: 0,
      score: -1,
      scoreStdev: 8,
      lead: -1,
      prior: 0.3,
      line: [81, 0],
      lineVisits: [10, 2],
      ownership: new Float32Array(81),
    },
    {
      action: 0,
      visits: 0,
      value: 0.2,
      lowerBound: -1,
      utility: 0,
      utilityLowerBound: -1,
      weight: 0,
      score: 1.5,
      scoreStdev: 8,
      lead: 1.5,
      prior: 0.2,
      line: [0],
      lineVisits: [0],
      ownership: new Float32Array(81),
    },
  ],
};

describe('an analysis report', () => {
  it.each([
    ['lz-analyze', 'lz', undefined],
    ['analyze', 'sabaki', 2],
    ['kata-analyze', 'kata', 2],
  ] as const)('of %s is read by Sabaki as it was meant', (command, style, scoreLead) => {
    const line = formatReport(opinion, parse('b 50', style), style)!;
    expect(readSabakiAnalysis(line, command)).toEqual([{ moves: ['E5', 'F5'], visits: 20, winrate: 75, scoreLead }]);
  });

  it('in the dialects of Leela Zero and Sabaki has integers, in KataGo’s always a point', () => {
    expect(formatReport(opinion, parse('b 50', 'lz'), 'lz')).toMatch(
      /^info move E5 visits 20 winrate 7500 prior 4000 lcb 5500 order 0 pv E5 F5 info/,
    );
    expect(formatReport(opinion, parse('b 50'), 'kata')).toMatch(
      / winrate 0\.750000 .* prior 0\.400000 lcb 0\.550000 .* order 0 pv E5 F5 info/,
    );
  });

  it('holds as many moves as asked for, unvisited ones only to reach the minimum', () => {
    const moves = (text: string): number => formatReport(opinion, parse(text), 'kata')!.split('info move').length - 1;
    expect(moves('b 50')).toBe(2);
    expect(moves('b 50 maxmoves 1')).toBe(1);
    expect(moves('b 50 minmoves 3')).toBe(3);
  });

  it('puts what belongs to the whole board after the moves', () => {
    const line = formatReport(opinion, parse('b 50 rootInfo true ownership true'), 'kata')!;
    expect(line).toMatch(/ rootInfo visits 31 .* ownership( 0\.250){81}$/);
    expect(line).not.toContain('\n');
  });
});

describe('a running analysis', () => {
  it.each(['\n', 'protocol_version\n', 'stop\n', '# a comment\n', 'kata-analyze w 1\n'])(
    'ends with a blank line as soon as %j arrives',
    async (interruption) => {
      const conversation = new GtpConversation();
      conversation.send('7 lz-analyze b 1\n');
      await conversation.until(/^=7\ninfo move .*\n/);
      conversation.send(interruption);
      const output = await conversation.until(/^=7\n(info .*\n)+\n/);
      expect(output).toMatch(/^=7\n(info .*\n)+\n/);
      const rest = (await conversation.close()).replace(/^=7\n(info .*\n)+\n/, '');
      expect(rest).toMatch(/^(= 2\n\n|=\n(info .*\n)*\n|)$/);
    },
  );

  it('is searched for the player named, whoever is to move', async () => {
    const conversation = new GtpConversation({ settings: { analysisVisits: 60 } });
    conversation.send('boardsize 5\nkomi 0.5\nclear_board\nplay b C3\nplay b B2\nplay b D4\nplay b B4\nplay w A1\n');
    conversation.send('kata-analyze b 1 maxmoves 1 rootInfo true\n');
    await conversation.until(/rootInfo/);
    conversation.send('kata-analyze w 1 maxmoves 1 rootInfo true\n');
    await conversation.until(/rootInfo[^]*\n\n=\ninfo[^]*rootInfo/);
    const [black, white] = (await conversation.close())
      .split('\n\n')
      .filter((reply) => reply.includes('rootInfo'))
      .map((reply) => Number(/rootInfo visits \d+ utility ([-.\d]+)/.exec(reply.split('\n').at(-1)!)![1]));
    expect(black).toBeGreaterThan(0);
    expect(white).toBeLessThan(0);
  });

  it('rests when the tree is as large as it may get, and still ends on input', async () => {
    const conversation = new GtpConversation({ settings: { analysisVisits: 20 } });
    conversation.send('lz-analyze b 1000\n');
    await conversation.until(/info/);
    conversation.send('name\n');
    expect(await conversation.close()).toMatch(/^=\n(info .*\n)+\n= Tengen\n\n$/);
  });

  it('keeps out moves that were ruled out, also deeper in the tree', async () => {
    const conversation = new GtpConversation({ settings: { analysisVisits: 200 } });
    conversation.send('boardsize 5\nkata-analyze b 1 avoid w C3,C4,C2,B3,D3 2 avoid b C3 1\n');
    await conversation.until(/info/);
    const output = await conversation.close();
    for (const [, first, second] of output.matchAll(/pv (\w+) (\w+)/g)) {
      expect(first).not.toBe('C3');
      if (second !== 'info') expect(['C3', 'C4', 'C2', 'B3', 'D3']).not.toContain(second);
    }
  });

  it('of genmove_analyze goes on until there is a move, whatever is sent meanwhile', async () => {
    const conversation = new GtpConversation({ settings: { visits: 500 } });
    conversation.send('genmove_analyze b 1\nname\n\nversion\n');
    expect(await conversation.close()).toMatch(/^=\n(info .*\n)+play [A-J]\d\n\n= Tengen\n\n= .*\n\n$/);
  });
});
