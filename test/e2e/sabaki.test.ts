import gtp, { type Command, type Controller, type ControllerStateTracker } from '@sabaki/gtp';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { bundleBridge, bundlePath } from '../support/bridge-process.js';
import { HeuristicServer } from '../support/heuristic-server.js';
import { readSabakiAnalysis } from '../support/sabaki-analysis.js';

const server = new HeuristicServer(9);
let controller: Controller;
let tracker: ControllerStateTracker;

const play = (color: string, vertex: string): Command => ({ name: 'play', args: [color, vertex] });
const game = [play('B', 'E5'), play('W', 'C3'), play('B', 'G7'), play('W', 'G3'), play('B', 'PASS')];

beforeAll(async () => {
  bundleBridge();
  await server.start();
});
afterAll(() => server.stop());
afterEach(() => controller.stop());

function start(): void {
  controller = new gtp.Controller(process.execPath, [bundlePath, server.address, '--visits', '40']);
  tracker = new gtp.ControllerStateTracker(controller);
  controller.start();
}

/** The analysis that Sabaki picks, ended as Sabaki ends it once `lines` reports have come. */
async function analyze(command: string, lines: number): Promise<string[]> {
  const seen: string[] = [];
  await tracker.queueCommand({ name: command, args: ['B', '1'] }, ({ line }) => {
    if (line.startsWith('info')) seen.push(line);
    if (seen.length === lines) void controller.sendCommand({ name: 'protocol_version' });
  });
  return seen;
}

describe("Sabaki's own controller", () => {
  it('introduces itself, syncs a game, goes back in it and starts another one', async () => {
    start();
    const hello = ['name', 'version', 'protocol_version', 'list_commands'].map((name) =>
      controller.sendCommand({ name }),
    );
    expect((await Promise.all(hello)).map((reply) => reply.error)).toEqual([false, false, false, false]);
    await tracker.sync({ komi: 6.5, boardsize: [9, 9], history: game });
    expect(tracker.state.history).toEqual(game);
    await tracker.sync({ komi: 6.5, boardsize: [9, 9], history: game.slice(0, 3) });
    expect((await controller.sendCommand({ name: 'showboard' })).content).toContain('Moves: 3');
    const handicap = [{ name: 'set_free_handicap', args: ['C3', 'G7'] }, play('W', 'E5')];
    await tracker.sync({ komi: 0.5, boardsize: [9, 9], history: handicap });
    expect((await controller.sendCommand({ name: 'showboard' })).content).toContain('Komi: 0.5');
    await expect(tracker.sync({ boardsize: [19, 19], history: [] })).rejects.toThrow('Board size is not supported');
  });

  it('rebuilds a position out of stones of one color', async () => {
    start();
    const stones = ['B2', 'B3', 'C2', 'H8'].map((vertex) => play('B', vertex));
    await tracker.sync({ komi: 6.5, boardsize: [9, 9], history: [...stones, play('W', 'E5'), play('W', 'E6')] });
    expect(tracker.state.history).toHaveLength(6);
  });

  it.each(['analyze', 'kata-analyze', 'lz-analyze'])('reads %s and ends it with another command', async (command) => {
    start();
    expect(await tracker.knowsCommand(command)).toBe(true);
    await tracker.sync({ komi: 6.5, boardsize: [9, 9], history: game.slice(0, 4) });
    const lines = await analyze(command, 3);
    expect(lines.length).toBeGreaterThanOrEqual(3);
    for (const line of lines) {
      const variations = readSabakiAnalysis(line, command)!;
      expect(variations.length).toBeGreaterThan(0);
      for (const { winrate, moves, visits } of variations) {
        expect(winrate).toBeGreaterThanOrEqual(0);
        expect(winrate).toBeLessThanOrEqual(100);
        expect(visits).toBeGreaterThan(0);
        expect(moves.length).toBeGreaterThan(0);
      }
    }
    expect((await controller.sendCommand({ name: 'name' })).content).toBe('Tengen');
  });

  it.each(['genmove_analyze', 'kata-genmove_analyze', 'lz-genmove_analyze'])(
    'gets a move from %s and knows it',
    async (command) => {
      start();
      await tracker.sync({ komi: 6.5, boardsize: [9, 9], history: game.slice(0, 2) });
      const lines: string[] = [];
      await tracker.queueCommand({ name: command, args: ['B', '50'] }, ({ line }) => lines.push(line));
      const vertex = lines.map((line) => /^play (.*)$/.exec(line.trim())?.[1]).find(Boolean)!;
      expect(vertex).toMatch(/^[A-HJ]\d$/);
      expect(tracker.state.history).toEqual([...game.slice(0, 2), play('B', vertex)]);
      await tracker.sync({
        komi: 6.5,
        boardsize: [9, 9],
        history: [...game.slice(0, 2), play('B', vertex), play('W', 'A1')],
      });
      expect((await controller.sendCommand({ name: 'showboard' })).content).toContain('Moves: 4');
    },
  );
});
