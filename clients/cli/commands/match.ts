/** `tengen match A B`: any two of a model with a visit count and a GTP program. */

import { check } from '../../../src/core/errors.js';
import { Rng } from '../../../src/core/rng.js';
import { makeOpeningBook } from '../../../src/go/opening-book.js';
import { defaultRules } from '../../../src/go/rules.js';
import { ModelServiceDefinition } from '../../../src/proto/tengen/v1/model.js';
import { Connection } from '../../shared/connection.js';
import { GamePrecision } from '../../shared/game-precision.js';
import { RemoteEvaluator } from '../../shared/remote-evaluator.js';
import { command, connectionFlags, jsonFlag } from '../command.js';
import { precisionFlag, readPrecision } from '../precision-flag.js';
import { GtpPlayer } from '../match/gtp-player.js';
import { ModelPlayer } from '../match/model-player.js';
import { playMatch } from '../match/play-match.js';
import type { Player } from '../match/player.js';
import { matchResult, type MatchResult } from '../match/result.js';
import { ProgressBar } from '../terminal/progress.js';

/** A player as it is written: `gtp:COMMAND`, or `MODEL:VISITS` with an empty MODEL for the promoted one. */
type PlayerSpec =
  | { readonly kind: 'gtp'; readonly command: string }
  | { readonly kind: 'model'; readonly model: string; readonly visits: number };

/** @throws AppError 'invalid-argument' saying how players are written */
export function parsePlayer(text: string): PlayerSpec {
  if (text.startsWith('gtp:')) return { kind: 'gtp', command: text.slice(4) };
  const [, model, visits] = /^([^:]*):(\d+)$/.exec(text) ?? [];
  check(
    model !== undefined && Number(visits) >= 1,
    `Player '${text}' is neither MODEL:VISITS (such as go7:100, go7@0123456789ab:100 or :100) nor gtp:COMMAND`,
  );
  return { kind: 'model', model, visits: Number(visits) };
}

function percent(rate: number): string {
  return `${(100 * rate).toFixed(1)} %`;
}

function describe(players: readonly Player[], result: MatchResult): string {
  const names = players.map(({ name, precision }) => (precision ? `${name} (${precision})` : name));
  const { games, wins, draws, losses, winRate, winRateInterval, elo, eloInterval } = result;
  return [
    `${names[0] ?? ''} against ${names[1] ?? ''}: ${wins} won, ${draws} drawn, ${losses} lost of ${games}`,
    `score ${percent(winRate)} (95 % interval ${percent(winRateInterval[0])} to ${percent(winRateInterval[1])})`,
    `Elo ${elo.toFixed(0)} (${eloInterval.map((end) => end.toFixed(0)).join(' to ')})`,
  ].join('\n');
}

export const matchCommand = command({
  name: 'match',
  usage: 'PLAYER PLAYER',
  summary: 'play two players against each other, each opening twice with colors swapped',
  details: `
  A player is MODEL:VISITS or gtp:COMMAND. MODEL is NAME or NAME@VERSION; an empty MODEL is the promoted version.
  tengen match go7:100 go7@0123456789ab:100
  tengen match :100 'gtp:gnugo --mode gtp --level 1 --chinese-rules --capture-all-dead --positional-superko'`,
  flags: {
    ...connectionFlags,
    ...jsonFlag,
    ...precisionFlag,
    games: { type: 'string', default: '100', value: 'COUNT', doc: 'games to play' },
    size: { type: 'string', value: 'POINTS', doc: 'points on a side of the board [board size of the model, or 9]' },
    komi: { type: 'string', value: 'POINTS', doc: 'komi [fair komi of the board size]' },
    plies: { type: 'string', default: '2', value: 'COUNT', doc: 'moves of each random opening' },
    parallel: {
      type: 'string',
      default: '16',
      value: 'COUNT',
      doc: 'games played at once; at most 2 if a GTP program plays',
    },
    seed: { type: 'string', default: '1', value: 'NUMBER', doc: 'seed of the openings and the players' },
  },
  async run({ flags, args, signal }) {
    check(args.length === 2, 'match takes two players');
    const specs = args.map(parsePlayer);
    const asked = readPrecision(flags.precision);
    const connection = specs.some(({ kind }) => kind === 'model') ? new Connection(flags) : undefined;
    const makePlayer = (spec: PlayerSpec): Player => {
      if (spec.kind === 'gtp' || !connection) return new GtpPlayer(spec.kind === 'gtp' ? spec.command : '');
      const { model, visits } = spec;
      // One for the whole match, as if it were one game: otherwise a player could change between two games.
      const precision = new GamePrecision(asked);
      const evaluator = new RemoteEvaluator(connection, { model, precision: () => precision });
      return new ModelPlayer(`${model || 'promoted'}:${visits}`, evaluator, visits, precision);
    };
    const players = [makePlayer(specs[0]!), makePlayer(specs[1]!)] as const;
    const bar = new ProgressBar('match', process.stderr.isTTY && !flags.json);
    try {
      const size =
        flags.size === undefined ? await modelSize(connection, specs, signal) : wholeNumber('size', flags.size, 2);
      const rules = { ...defaultRules(size), ...(flags.komi === undefined ? {} : { komi: Number(flags.komi) }) };
      const games = wholeNumber('games', flags.games, 1);
      const seed = wholeNumber('seed', flags.seed);
      const openings = makeOpeningBook(
        { size, rules, plies: wholeNumber('plies', flags.plies), count: Math.ceil(games / 2) },
        new Rng(seed),
      );
      let done = 0;
      const parallel = Math.min(
        wholeNumber('parallel', flags.parallel, 1),
        specs.some(({ kind }) => kind === 'gtp') ? 2 : Infinity,
      );
      const finished = await playMatch(players, {
        size,
        rules,
        games,
        // A small board may have fewer openings than pairs; then they come round again.
        openings: Array.from({ length: Math.ceil(games / 2) }, (_, i) => openings[i % openings.length] ?? []),
        parallel,
        seed,
        signal,
        onGame: (game) => {
          bar.update(++done, games);
          if (flags.json) process.stdout.write(`${JSON.stringify({ event: 'game', ...game })}\n`);
        },
      });
      const result = matchResult(finished);
      const names = players.map(({ name }) => name);
      const precisions = players.map(({ precision }) => precision);
      process.stdout.write(
        flags.json
          ? `${JSON.stringify({ event: 'result', players: names, precisions, ...result })}\n`
          : `${describe(players, result)}\n`,
      );
      return 0;
    } finally {
      bar.end();
      await Promise.all(players.map((player) => player.close()));
      connection?.close();
    }
  },
});

function wholeNumber(name: string, text: string, least = 0): number {
  const value = Number(text);
  check(Number.isInteger(value) && value >= least, `--${name} is ${text}; it must be a whole number from ${least}`);
  return value;
}

async function modelSize(
  connection: Connection | undefined,
  specs: readonly PlayerSpec[],
  signal: AbortSignal,
): Promise<number> {
  const spec = specs.find((candidate) => candidate.kind === 'model');
  if (!connection || !spec) return 9;
  const { model } = await connection.client(ModelServiceDefinition).getModel({ model: spec.model }, { signal });
  return model?.size ?? 9;
}
