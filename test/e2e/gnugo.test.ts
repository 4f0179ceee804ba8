import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GtpClient } from '../../clients/shared/gtp-client.js';
import { bundleBridge, startBridge } from '../support/bridge-process.js';
import { HeuristicServer } from '../support/heuristic-server.js';
import { isMissing } from '../support/needs.js';

/** Debian keeps it in /usr/games, which is often not on PATH. */
function findGnugo(): string | undefined {
  const folders = [
    ...(process.env['PATH'] ?? '').split(delimiter),
    '/usr/games',
    '/usr/local/bin',
    '/opt/homebrew/bin',
  ];
  return folders.map((folder) => join(folder, 'gnugo')).find((path) => existsSync(path));
}

const gnugo = findGnugo();

const server = new HeuristicServer(7);

interface Game {
  readonly moves: readonly string[];
  readonly bridgeScore: string;
  readonly gnugoScore: string;
  readonly boardsAgree: boolean;
}

/** Plays until two passes, each side told of the other's moves; GNU Go refuses any move it takes for illegal. */
async function playGame(bridge: GtpClient, opponent: GtpClient, bridgeIsBlack: boolean): Promise<Game> {
  const both = async (command: string): Promise<void> => {
    await Promise.all([bridge.send(command), opponent.send(command)]);
  };
  for (const command of ['boardsize 7', 'clear_board', 'komi 8.5']) await both(command);
  const moves: string[] = [];
  for (let turn = 0; turn < 300 && !(moves.at(-1) === 'PASS' && moves.at(-2) === 'PASS'); turn++) {
    const color = turn % 2 === 0 ? 'black' : 'white';
    const [mover, other] = (turn % 2 === 0) === bridgeIsBlack ? [bridge, opponent] : [opponent, bridge];
    const move = (await mover.send(`genmove ${color}`)).toUpperCase();
    if (move === 'RESIGN') break;
    await other.send(`play ${color} ${move}`);
    moves.push(move);
  }
  const [bridgeScore, gnugoScore] = await Promise.all([bridge.send('final_score'), opponent.send('final_score')]);
  const stones = async (color: string): Promise<string[]> =>
    (await opponent.send(`list_stones ${color}`)).split(/\s+/).filter(Boolean).sort();
  const listed = (await bridge.send('final_status_list alive')).split(/\s+/).filter(Boolean).sort();
  const boardsAgree =
    JSON.stringify(listed) === JSON.stringify([...(await stones('black')), ...(await stones('white'))].sort());
  return { moves, bridgeScore, gnugoScore, boardsAgree };
}

describe.skipIf(isMissing('gnugo', gnugo !== undefined))('games against GNU Go', () => {
  beforeAll(async () => {
    bundleBridge();
    await server.start();
  });
  afterAll(() => server.stop());

  it.each([
    { side: 'black', seed: 1 },
    { side: 'white', seed: 2 },
    { side: 'black', seed: 3 },
    { side: 'white', seed: 4 },
  ])(
    'end with the same board and the same score on both sides, the bridge as $side, seed $seed',
    async ({ side, seed }) => {
      const bridge = startBridge(server.address, '--visits', '30', '--resign-below', '0');
      const rules = ['--chinese-rules', '--capture-all-dead', '--positional-superko', '--komi', '8.5'];
      const opponent = new GtpClient({
        command: gnugo!,
        args: ['--mode', 'gtp', '--level', '1', '--seed', String(seed), '--never-resign', ...rules],
      });
      try {
        const game = await playGame(bridge, opponent, side === 'black');
        expect(game.moves.slice(-2)).toEqual(['PASS', 'PASS']);
        expect(game.moves.length).toBeGreaterThan(20);
        expect(game.boardsAgree).toBe(true);
        expect(Number(game.bridgeScore.slice(2))).toBe(Number(game.gnugoScore.slice(2)));
        expect(game.bridgeScore[0]).toBe(game.gnugoScore[0]);
      } finally {
        await Promise.all([bridge.close(), opponent.close()]);
      }
    },
  );
});
