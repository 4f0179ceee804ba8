/** The games of a job, and one tree of them. */

import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { kindName } from '../../shared/game-view.js';
import { AppError } from '../../../src/core/errors.js';
import { GameServiceDefinition, type GameSummary } from '../../../src/proto/tengen/v1/game.js';
import type { Calls } from '../calls.js';
import { useLoaded } from '../loaded.js';
import { Notice } from '../notice.js';
import { linkTo } from '../route.js';
import { SelectField } from '../select-field.js';
import { listJobs } from '../training/training-view.js';
import { GameTreeView, type GameTreeViewProps } from './game-tree-view.js';

const PAGE = 40;

export interface GamesViewProps extends Pick<GameTreeViewProps, 'calls' | 'openLine'> {
  /** The newest job that plays games if left out. */
  readonly jobId: string | undefined;
  /** The newest tree if left out. */
  readonly gameId: string | undefined;
}

export function GamesView({ calls, jobId, gameId, openLine }: GamesViewProps): ComponentChildren {
  const { value: jobs, error } = useLoaded(
    async (signal) => {
      const all = await listJobs(calls, signal);
      return all.filter(({ kind }) => kind === 'alphazero');
    },
    [calls],
  );
  const job = jobs?.find((each) => each.jobId === jobId) ?? jobs?.[0];
  if (!jobs || !job) {
    return (
      <section class="content">
        {jobs ? <p class="quiet">No job has played games yet.</p> : <Notice text={error} />}
      </section>
    );
  }
  return (
    <div class="columns">
      <section class="list" aria-label="Games">
        <SelectField
          label="Job"
          options={jobs.map(({ jobId: value, model }) => ({ title: `${value} · ${model}`, value }))}
          value={job.jobId}
          onChoose={(chosen) => (location.hash = linkTo('games', chosen))}
        />
        <GameList key={job.jobId} calls={calls} jobId={job.jobId} gameId={gameId} />
      </section>
      {gameId !== undefined && <GameTreeView calls={calls} gameId={gameId} openLine={openLine} />}
    </div>
  );
}

interface GameListProps {
  readonly calls: Calls;
  readonly jobId: string;
  readonly gameId: string | undefined;
}

function GameList({ calls, jobId, gameId }: GameListProps): ComponentChildren {
  const [games, setGames] = useState<readonly GameSummary[]>();
  const [before, setBefore] = useState(0);
  const [error, setError] = useState('');
  useEffect(() => {
    const left = new AbortController();
    listGames(calls, { jobId, limit: PAGE, before: BigInt(before) }, left.signal).then(
      (page) => setGames((now = []) => [...now, ...page]),
      (thrown: unknown) => {
        if (!left.signal.aborted) setError(AppError.from(thrown).message);
      },
    );
    return () => left.abort();
  }, [calls, jobId, before]);
  const first = games?.find(({ variations }) => variations > 1) ?? games?.[0];
  useEffect(() => {
    // Something to look at at once: the newest tree.
    if (gameId === undefined && first) history.replaceState(null, '', linkTo('games', jobId, first.gameId));
    if (gameId === undefined && first) dispatchEvent(new HashChangeEvent('hashchange'));
  }, [gameId, first]);
  const last = games?.at(-1);
  return (
    <>
      <Notice text={error} />
      {games?.length === 0 && <p class="quiet">No game is finished yet.</p>}
      <ul>
        {games?.map((game) => (
          <li key={game.gameId}>
            <a href={linkTo('games', jobId, game.gameId)} aria-current={game.gameId === gameId ? 'true' : undefined}>
              <b>{game.gameId}</b>
              <span class="quiet">{describe(game)}</span>
            </a>
          </li>
        ))}
      </ul>
      {games && last && games.length % PAGE === 0 && (
        <button type="button" onClick={() => setBefore(last.sequence)}>
          Older games
        </button>
      )}
    </>
  );
}

async function listGames(
  calls: Calls,
  request: { readonly jobId: string; readonly limit: number; readonly before: bigint },
  signal: AbortSignal,
): Promise<readonly GameSummary[]> {
  const { listGames: method } = GameServiceDefinition.methods;
  return (await calls.call(GameServiceDefinition, method, { ...request }, { signal })).games;
}

function describe({ kind, variations, moves, result }: GameSummary): string {
  const games = variations > 1 ? ` of ${variations} games` : '';
  return `${kindName(kind)}${games} · ${moves} moves · ${result}`;
}
