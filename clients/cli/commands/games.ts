/** `tengen games …`: list, show and export the games that workers played. */

import { writeFile } from 'node:fs/promises';
import { check } from '../../../src/core/errors.js';
import { GameServiceDefinition, type GameSummary, type GetGameResponse } from '../../../src/proto/tengen/v1/game.js';
import { Connection, type ConnectionOptions } from '../../shared/connection.js';
import { command, connectionFlags, jsonFlag } from '../command.js';
import { drawGame } from '../games/draw-game.js';
import { gameToSgf } from '../../shared/game-sgf.js';
import { kindName, viewOf } from '../../shared/game-view.js';
import { paintFor } from '../terminal/paint.js';
import { formatTable } from '../../shared/table.js';

/** Characters across where the output is no terminal. */
const WIDTH_ELSEWHERE = 100;

function print(games: readonly GameSummary[], json: boolean): void {
  if (json) {
    for (const { kind, ...game } of games)
      process.stdout.write(`${JSON.stringify({ ...game, kind: kindName(kind) })}\n`);
    return;
  }
  const rows = games.map((game) => {
    const { gameId, kind, modelVersion, variations, positions, moves, result, createdAtMs } = game;
    const figures = [variations, positions, moves].map((figure) => figure.toLocaleString('en'));
    return [gameId, kindName(kind), modelVersion, ...figures, result, formatTime(createdAtMs)];
  });
  const header = ['GAME', 'KIND', 'MODEL', 'VARIATIONS', 'POSITIONS', 'MOVES', 'RESULT', 'STORED (UTC)'];
  process.stdout.write(`${formatTable(header, rows)}\n`);
}

function formatTime(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19).replace('T', ' ');
}

function getGame(connection: ConnectionOptions, gameId: string, signal: AbortSignal): Promise<GetGameResponse> {
  return new Connection(connection).client(GameServiceDefinition).getGame({ gameId }, { signal });
}

const list = command({
  name: 'games list',
  usage: '',
  summary: 'list the game trees and single games of a job, newest first',
  details: `tengen games list --job JOB --limit 50
tengen games list --before 1234   lists the games stored before game 1234; --json prints the sequence number of each game`,
  flags: {
    ...connectionFlags,
    ...jsonFlag,
    job: { type: 'string', default: '', value: 'JOB', doc: 'id of the job; without --job, the newest job' },
    limit: { type: 'string', default: '20', value: 'N', doc: 'most games to list, from 1 to 1000' },
    before: {
      type: 'string',
      default: '0',
      value: 'SEQUENCE',
      doc: 'list only games stored before the game with this sequence number',
    },
  },
  async run({ flags, signal }) {
    const [limit, before] = [flags.limit, flags.before].map(Number);
    check(
      Number.isInteger(limit) && limit! >= 1 && limit! <= 1000,
      `--limit is '${flags.limit}'; it must be from 1 to 1000`,
    );
    check(Number.isSafeInteger(before) && before! >= 0, `--before is '${flags.before}'; it must be a whole number`);
    const client = new Connection(flags).client(GameServiceDefinition);
    const { games } = await client.listGames({ jobId: flags.job, limit: limit!, before: BigInt(before!) }, { signal });
    print(games, flags.json);
    return 0;
  },
});

const show = command({
  name: 'games show',
  usage: 'TREE',
  summary:
    'draw a game tree: where its games branch, and how uncertain the result was; TREE is the id of any game of the tree',
  details: `Each line is a game: the line begins where the game leaves an earlier game and ends with the winner, B or W. Heavy parts
are positions where a game may branch off: their Label Change Rate (LCR), the chance that two games from the position have
different winners, is above the threshold. PLY is the ply of the branch point, MOVE the move drawn there, LCR the Label
Change Rate of the branch point with the results known now, BACK the number of plies from the branch point to the position
that was sampled, and NEW the number of positions that this game was the first to search.`,
  flags: { ...connectionFlags, ...jsonFlag },
  async run({ flags, args, signal }) {
    check(args.length === 1, 'games show takes TREE');
    const view = viewOf(await getGame(flags, args[0] ?? '', signal));
    if (flags.json) {
      process.stdout.write(`${JSON.stringify(view)}\n`);
      return 0;
    }
    const { stdout } = process;
    const width = (stdout.isTTY && stdout.columns) || WIDTH_ELSEWHERE;
    stdout.write(`${drawGame(view, { width, paint: paintFor(stdout) }).join('\n')}\n`);
    return 0;
  },
});

const exportGame = command({
  name: 'games export',
  usage: 'TREE',
  summary:
    'write a game tree as SGF with its games as variations, for Sabaki and others; TREE is the id of any game of the tree',
  flags: {
    ...connectionFlags,
    output: { type: 'string', short: 'o', value: 'FILE', doc: 'file to write instead of standard output' },
  },
  async run({ flags, args, signal }) {
    check(args.length === 1, 'games export takes TREE');
    const text = gameToSgf(await getGame(flags, args[0] ?? '', signal));
    if (flags.output === undefined) process.stdout.write(text);
    else await writeFile(flags.output, text);
    return 0;
  },
});

export const gamesCommands = [list, show, exportGame];
