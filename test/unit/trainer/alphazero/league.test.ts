import { describe, expect, it } from 'vitest';
import { League, type LeagueOptions } from '../../../../src/trainer/alphazero/league.js';

const options: LeagueOptions = { gamesPerVersion: 8, openings: 10, promotionElo: 0 };

let sequence = 0;
/** Plays all games that wait; the version with the higher index wins unless `upset`. */
function playAll(league: League, upset = false): number {
  let games = 0;
  for (;;) {
    const gameId = `game-${++sequence}`;
    const pairing = league.issue(gameId);
    if (!pairing) return games;
    games++;
    const { black, white, blackRef, whiteRef } = pairing;
    league.record({ gameId, sequence, blackRef, whiteRef, result: black > white !== upset ? 1 : -1 });
  }
}

describe('a league', () => {
  it('plays every opening with both colours, against several opponents, the promoted one among them', () => {
    const league = new League({ ...options, gamesPerVersion: 12 });
    for (const [i, ref] of ['a', 'b', 'c', 'd', 'e', 'f'].entries()) {
      league.add(ref, i);
      if (ref !== 'f') playAll(league);
    }
    const games = [];
    for (let i = 0; i < 12; i++) games.push(league.issue(`last-${i}`)!);
    for (let i = 0; i < 12; i += 2) {
      const [first, second] = [games[i]!, games[i + 1]!];
      expect([second.black, second.white, second.opening]).toEqual([first.white, first.black, first.opening]);
      expect(first.black).toBe(5);
    }
    expect(new Set(games.map(({ black, white }) => Math.min(black, white)))).toEqual(new Set([0, 1, 3, 4]));
    expect(league.issue('none')).toBeUndefined();
  });

  it('promotes a version once all its games are in, and only if it is stronger', () => {
    const league = new League(options);
    league.add('a', 0);
    expect(league.promoted?.ref).toBe('a');
    league.add('b', 1);
    expect(league.settle()).toBeUndefined();
    playAll(league);
    expect(league.settle()?.ref).toBe('b');
    league.add('c', 2);
    playAll(league, true);
    expect(league.settle()).toBeUndefined();
    expect(league.promoted?.ref).toBe('b');
    expect(league.newest?.ref).toBe('c');
  });

  it('has nothing to rate or promote before the first version', () => {
    const league = new League(options);
    expect(league.ratings()).toEqual([]);
    expect(league.settleAll(true)).toBeUndefined();
  });

  it('asks for a margin when told to', () => {
    const league = new League({ ...options, promotionElo: 2000 });
    league.add('a', 0);
    league.add('b', 1);
    playAll(league);
    expect(league.settle()).toBeUndefined();
    expect(league.ratings()[1]!.rating).toBeGreaterThan(0);
  });

  it('promotes every version at once when nothing is rated', () => {
    const league = new League({ ...options, gamesPerVersion: 0 });
    league.add('a', 0);
    league.add('b', 1);
    expect(league.unfinished).toBe(0);
    expect(league.settle()?.ref).toBe('b');
  });

  it('drops games of old versions when new versions come faster', () => {
    const league = new League(options);
    for (let i = 0; i < 20; i++) league.add(`v${i}`, i);
    expect(league.waiting).toBe(2 * options.gamesPerVersion);
    playAll(league);
    expect(league.settle()?.ref).toBe('v19');
  });

  it('lets no version play after growth until one has won a whole match', () => {
    const league = new League(options);
    for (const [i, ref] of ['small', 'smaller'].entries()) league.add(ref, i);
    playAll(league);
    league.settle();
    const grow = (ref: string): void => league.add(ref, 2, { isGrown: true });
    grow('large-1');
    expect(league.newest?.ref).toBe('large-1');
    expect(league.latest?.ref).toBe('smaller');
    // Versions that come faster than games do not end the trial, only their own matches.
    for (const ref of ['large-2', 'large-3', 'large-4']) grow(ref);
    expect(league.waiting).toBe(3 * options.gamesPerVersion);
    for (let game = 1; game < options.gamesPerVersion; game++) {
      const { black, blackRef, whiteRef } = league.issue(`trial-${game}`)!;
      expect([blackRef, whiteRef]).toContain('large-1');
      const result = black === 2 ? 1 : -1;
      league.record({ gameId: `trial-${game}`, sequence: 1e6 + game, blackRef, whiteRef, result });
    }
    expect(league.settle()).toBeUndefined();
    // Not even at the end, by a match that is not whole.
    const cut = new League(options, league.state());
    expect(cut.latest?.ref).toBe('smaller');
    expect(cut.settleAll(true)).toBeUndefined();
    playAll(league, true);
    // Its last game was lost, so that of the others nothing is known but losses: the trial is won all the same.
    expect(league.settle()?.ref).toBe('large-1');
    expect(league.latest?.ref).toBe('large-4');
    expect(new League(options, league.state()).latest?.ref).toBe('large-4');
  });

  it('keeps the small network when the match after growth is lost', () => {
    const league = new League(options);
    for (const [i, ref] of ['small', 'smaller'].entries()) league.add(ref, i);
    playAll(league);
    league.settle();
    league.add('large', 2, { isGrown: true });
    playAll(league, true);
    expect(league.settle()).toBeUndefined();
    expect(league.settleAll(true)).toBeUndefined();
    expect(league.latest?.ref).toBe('smaller');
  });

  it('plays the games of the last version first, and promotes it by the games there were', () => {
    const league = new League(options);
    for (const [i, ref] of ['a', 'b', 'c'].entries()) league.add(ref, i, { isLast: ref === 'c' });
    const first = league.issue('one')!;
    expect(first.blackRef).toBe('c');
    league.record({ gameId: 'one', sequence: 1e7, blackRef: 'c', whiteRef: first.whiteRef, result: 1 });
    expect(league.settle()).toBeUndefined();
    expect(league.settleAll(false)?.ref).toBe('c');
  });

  it('trusts a newest version that never played only if told to', () => {
    for (const trusts of [false, true]) {
      const league = new League(options);
      league.add('a', 0);
      league.add('b', 1);
      expect(league.settleAll(trusts)?.ref).toBe(trusts ? 'b' : undefined);
      expect(league.promoted?.ref).toBe(trusts ? 'b' : 'a');
    }
  });

  it('stays cheap over hundreds of versions, and forgets no game', () => {
    const league = new League({ ...options, gamesPerVersion: 4 });
    let games = 0;
    for (let i = 0; i < 300; i++) {
      league.add(`v${i}`, i);
      games += playAll(league);
      league.settle();
    }
    const state = league.state();
    expect(state.settled.length).toBeGreaterThan(200);
    expect(state.results.length).toBeLessThan(300);
    const ratings = league.ratings();
    expect(ratings.reduce((sum, row) => sum + row.games, 0)).toBe(2 * games);
    for (let i = 1; i < 300; i++) expect(ratings[i]!.rating).toBeGreaterThan(ratings[i - 1]!.rating);
    expect(new League(options, state).ratings()).toEqual(ratings);
  });

  it('counts a game once and ignores strangers', () => {
    const league = new League(options);
    league.add('a', 0);
    league.add('b', 1);
    const pairing = league.issue('x')!;
    const game = { gameId: 'x', sequence: 1e6, blackRef: pairing.blackRef, whiteRef: pairing.whiteRef, result: 0 };
    expect(league.record(game)).toBe(true);
    expect(league.record(game)).toBe(false);
    expect(league.record({ ...game, gameId: 'y', sequence: 1e6 + 1, whiteRef: 'stranger' })).toBe(false);
    expect(league.ratings().map(({ games }) => games)).toEqual([1, 1]);
  });

  it('continues from its state, with the games that were out handed out again', () => {
    const league = new League(options);
    league.add('a', 0);
    league.add('b', 1);
    const out = league.issue('out')!;
    const copy = new League(options, JSON.parse(JSON.stringify(league.state())) as ReturnType<League['state']>);
    expect(copy.unfinished).toBe(8);
    expect(copy.issue('again')).toEqual(out);
    playAll(copy);
    expect(copy.ratings()[1]!.games).toBe(7);
  });
});
