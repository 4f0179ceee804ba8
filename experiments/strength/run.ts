/**
 * How well the bridge plays with a strong network: matches against GNU Go and against other settings of the search. Games are
 * appended to results/, and a match that was broken off goes on where it ended.
 */

import { parseArgs } from 'node:util';
import { ModelPlayer } from '../../clients/cli/match/model-player.js';
import { playMatch } from '../../clients/cli/match/play-match.js';
import type { Player } from '../../clients/cli/match/player.js';
import { AppError } from '../../src/core/errors.js';
import { Rng } from '../../src/core/rng.js';
import { makeOpeningBook } from '../../src/go/opening-book.js';
import { defaultRules } from '../../src/go/rules.js';
import { checkFacts } from '../../bench/shared/append-result.js';
import { usualNetwork } from '../../bench/shared/usual-network.js';
import { appendGame, readGames } from './games.js';
import { openNetwork } from './network.js';
import { BridgePlayer, gnugoPlayer } from './players.js';
import { report } from './report.js';

type Network = Awaited<ReturnType<typeof openNetwork>>;

/**
 * `--player`, `--opponent`, `--games`, `--size`, `--net` a `.bin.gz`, `--parallel` games at once (1 for players with
 * seconds, whose games would take time from one another), `--report` alone.
 */
export async function run(args: string[]): Promise<Record<string, unknown>> {
  const { values: flags } = parseArgs({
    args,
    options: {
      player: { type: 'string', default: 'bridge:1' },
      opponent: { type: 'string', default: 'gnugo:10' },
      games: { type: 'string', default: '100' },
      size: { type: 'string', default: '9' },
      net: { type: 'string', default: usualNetwork },
      parallel: { type: 'string', default: '2' },
      report: { type: 'boolean', default: false },
    },
  });
  if (!flags.report) await playOn(flags);
  return report(readGames());
}

/** Plays the games of the match that are still to be played. */
async function playOn(
  flags: Record<'player' | 'opponent' | 'games' | 'size' | 'net' | 'parallel', string>,
): Promise<void> {
  checkFacts();
  const [games, size, parallel] = [Number(flags.games), Number(flags.size), Number(flags.parallel)];
  const specs = [flags.player, flags.opponent] as const;
  const earlier = readGames().filter((game) => game.size === size && game.players.join() === specs.join());
  const rules = { ...defaultRules(size), komi: 7.5 };
  const openings = makeOpeningBook({ size, rules, plies: 2, count: Math.ceil(games / 2) }, new Rng(7));
  const network = await openNetwork(flags.net);
  const players = specs.map((spec) => makePlayer(spec, network)) as [Player, Player];
  const facts = { players: specs, network: network.name, size, komi: rules.komi };
  try {
    await playMatch(players, {
      size,
      rules,
      games,
      openings,
      parallel,
      seed: 7,
      played: new Set(earlier.map(({ index }) => index)),
      signal: new AbortController().signal,
      onGame: (game) => {
        appendGame({ ...game, ...facts });
        process.stderr.write(
          `${specs.join(' ')} ${game.index} ${game.winner === 0 ? 'won' : 'lost'} by ${game.ending}\n`,
        );
      },
    });
  } finally {
    await Promise.all(players.map((player) => player.close()));
    await network.close();
  }
}

function makePlayer(spec: string, { evaluatorFor }: Network): Player {
  const [kind, first = '', ...rest] = spec.split(':');
  const number = Number(first);
  const seconds = Number(/^([\d.]+)s$/.exec(first)?.[1]);
  if (number >= 1 && kind === 'gnugo') return gnugoPlayer(number);
  if (number >= 1 && kind === 'plain') return new ModelPlayer(spec, evaluatorFor(false), number);
  if ((number >= 1 || seconds > 0) && kind === 'bridge') {
    const [batch = 0, transpositions = 'none'] = rest;
    const limits = seconds > 0 ? { visits: 1_000_000, moveTime: seconds } : { visits: number };
    return new BridgePlayer(spec, evaluatorFor, { ...limits, batch: Number(batch), transpositions });
  }
  throw new AppError(
    'invalid-argument',
    `Player '${spec}' is not bridge:VISITS[:BATCH[:TRANSPOSITIONS]], bridge:SECONDSs[…], plain:VISITS or gnugo:LEVEL`,
  );
}
