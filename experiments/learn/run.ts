/**
 * The whole product against the clock: a quickstart run, then matches of its last network against its first, against a
 * plain UCT search with random playouts, and against GNU Go.
 */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Connection } from '../../clients/shared/connection.js';
import { RemoteEvaluator } from '../../clients/shared/remote-evaluator.js';
import { startLocalServer, tengenScript } from '../../clients/cli/child.js';
import { GtpPlayer } from '../../clients/cli/match/gtp-player.js';
import { ModelPlayer } from '../../clients/cli/match/model-player.js';
import { playMatch } from '../../clients/cli/match/play-match.js';
import type { Player } from '../../clients/cli/match/player.js';
import { matchResult, type MatchResult } from '../../clients/cli/match/result.js';
import { AppError } from '../../src/core/errors.js';
import { refOf } from '../../src/core/refs.js';
import { Rng } from '../../src/core/rng.js';
import { makeOpeningBook } from '../../src/go/opening-book.js';
import { defaultRules } from '../../src/go/rules.js';
import type { Model } from '../../src/proto/tengen/v1/model.js';
import type { JobProgress } from '../../src/proto/tengen/v1/job.js';
import { gnugoCommand } from '../shared/gnugo.js';

interface Learned {
  readonly models: readonly Model[];
  readonly metrics: Record<string, number>;
  readonly seconds: number;
}

async function quickstart(args: readonly string[], signal: AbortSignal): Promise<Learned> {
  const started = performance.now();
  const child = spawn(process.execPath, [tengenScript, 'quickstart', '--json', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    signal,
  });
  const metrics: Record<string, number> = {};
  let models: readonly Model[] | undefined;
  for await (const line of createInterface({ input: child.stdout })) {
    const message = JSON.parse(line) as JobProgress | { event: 'end'; models: Model[] };
    if ('models' in message) models = message.models;
    else Object.assign(metrics, message.metrics);
    if (!('models' in message)) process.stderr.write(`${line}\n`);
  }
  if (!models || models.length < 2) throw new AppError('internal', 'quickstart made no network; see its log above');
  return { models, metrics, seconds: (performance.now() - started) / 1000 };
}

/**
 * Keys: winRateVsFirst, winRateVsUct1000 and winRateVsGnugo1 of the network that is promoted at the end, with the same
 * visits for the first network; intervals are Wilson's at 95 %; positionsPerSecond and gamesPerMinute over the whole run.
 */
export async function run(args: string[]): Promise<Record<string, unknown>> {
  const { values } = parseArgs({
    args,
    options: {
      size: { type: 'string', default: '7' },
      minutes: { type: 'string', default: '10' },
      games: { type: 'string', default: '100' },
      'gnugo-games': { type: 'string', default: '40' },
      visits: { type: 'string', default: '100' },
      playouts: { type: 'string', default: '1000' },
      seed: { type: 'string', default: '1' },
      set: { type: 'string', multiple: true, default: [] },
      'data-dir': { type: 'string' },
    },
  });
  const size = Number(values.size);
  const signal = new AbortController().signal;
  const dataDir = values['data-dir'] ?? (await mkdtemp(join(tmpdir(), 'tengen-learn-')));
  const settings = [`seed=${values.seed}`, ...values.set].flatMap((setting) => ['--set', setting]);
  try {
    const learned = await quickstart(
      ['--size', values.size, '--minutes', values.minutes, '--data-dir', dataDir, ...settings],
      signal,
    );
    const last = learned.models.find((model) => model.promoted) ?? learned.models[0]!;
    const first = learned.models.reduce((a, b) => (b.step < a.step ? b : a));
    const { server, address } = await startLocalServer(dataDir, [], signal);
    const connection = new Connection({ address });
    const visits = Number(values.visits);
    const model = (version: Model): Player =>
      new ModelPlayer(refOf(version), new RemoteEvaluator(connection, { model: refOf(version) }), visits);
    const match = async (opponent: Player, games: number, parallel: number): Promise<MatchResult> => {
      const rules = defaultRules(size);
      const openings = makeOpeningBook(
        { size, rules, plies: 2, count: Math.ceil(games / 2) },
        new Rng(Number(values.seed)),
      );
      const players = [model(last), opponent] as const;
      try {
        return matchResult(
          await playMatch(players, { size, rules, games, openings, parallel, seed: Number(values.seed), signal }),
        );
      } finally {
        await Promise.all(players.map((player) => player.close()));
      }
    };
    try {
      const games = Number(values.games);
      const vsFirst = await match(model(first), games, 16);
      const uct = [
        process.execPath,
        fileURLToPath(new URL('./uct-gtp.js', import.meta.url)),
        '--playouts',
        values.playouts,
      ];
      const vsUct = await match(new GtpPlayer(uct.join(' '), 'uct'), games, 2);
      const gnugo = gnugoCommand(1);
      const vsGnugo = gnugo ? await match(new GtpPlayer(gnugo, 'gnugo'), Number(values['gnugo-games']), 2) : undefined;
      return {
        board: size,
        minutes: Number(values.minutes),
        visits,
        seed: Number(values.seed),
        winRateVsFirst: vsFirst.winRate,
        winRateVsUct1000: vsUct.winRate,
        winRateVsUct1000Interval: vsUct.winRateInterval,
        winRateVsGnugo1: vsGnugo?.winRate ?? null,
        winRateVsGnugo1Interval: vsGnugo?.winRateInterval ?? null,
        positionsPerSecond: (learned.metrics['positions'] ?? 0) / (60 * Number(values.minutes)),
        gamesPerMinute: (learned.metrics['games'] ?? 0) / Number(values.minutes),
        positions: learned.metrics['positions'] ?? null,
        trainingSteps: last.step,
        gamesPlayed: learned.metrics['games'] ?? null,
        seconds: learned.seconds,
      };
    } finally {
      connection.close();
      await server.stop();
    }
  } finally {
    if (!values['data-dir']) await rm(dataDir, { recursive: true, force: true });
  }
}
