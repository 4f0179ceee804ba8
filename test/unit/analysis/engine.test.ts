import { describe, expect, it } from 'vitest';
import { AppError } from '../../../src/core/errors.js';
import { analyse, AnalysisConversation, type SaidAnswer } from '../../support/analysis-session.js';
import { HeuristicEvaluator } from '../../support/heuristic-evaluator.js';

const query = {
  id: 'q',
  moves: [['B', 'C3']],
  rules: 'tromp-taylor',
  komi: 0.5,
  boardXSize: 5,
  boardYSize: 5,
};

async function only(changes: object): Promise<SaidAnswer> {
  const answers = await analyse([{ ...query, ...changes }]);
  expect(answers).toHaveLength(1);
  return answers[0]!;
}

/** Answers only when told to. */
class HeldEvaluator extends HeuristicEvaluator {
  #release: () => void = () => undefined;
  readonly #held = new Promise<void>((resolve) => (this.#release = resolve));
  release(): void {
    this.#release();
  }
  override async evaluate(...args: Parameters<HeuristicEvaluator['evaluate']>) {
    const { signal } = args[1] ?? {};
    await Promise.race([
      this.#held,
      new Promise((_, reject) =>
        signal?.addEventListener('abort', () => reject(new AppError('cancelled', 'given up'))),
      ),
    ]);
    return super.evaluate(...args);
  }
}

describe('an analysis query', () => {
  it('is answered with the moves that were searched, the best first, and the root', async () => {
    const answer = await only({ maxVisits: 30 });
    expect(answer).toMatchObject({ id: 'q', isDuringSearch: false, turnNumber: 1 });
    expect(answer.rootInfo).toMatchObject({ visits: 30, currentPlayer: 'W' });
    expect(answer.rootInfo?.['thisHash']).toMatch(/^[0-9A-F]{32}$/);
    const moves = answer.moveInfos!;
    expect(moves.map((move) => move['order'])).toEqual(moves.map((_, order) => order));
    // Moves that a symmetry of the position exchanges are searched once and listed all.
    const searched = moves.filter((move) => move['isSymmetryOf'] === undefined);
    expect(searched.length).toBeLessThan(moves.length);
    expect(searched.reduce((sum, move) => sum + Number(move['visits']), 0)).toBe(29);
    for (const move of moves) {
      expect(move['pv']).toEqual(expect.arrayContaining([move['move']]));
      for (const key of ['winrate', 'scoreLead', 'scoreSelfplay', 'utility', 'lcb', 'prior', 'weight', 'edgeVisits'])
        expect(move[key]).toEqual(expect.any(Number));
    }
    for (const key of ['ownership', 'policy', 'noResults']) expect(answer).not.toHaveProperty(key);
  });

  it('has ownership, policy and visits of the variations where asked for', async () => {
    const included = {
      includeOwnership: true,
      includePolicy: true,
      includePVVisits: true,
      includeMovesOwnership: true,
    };
    const answer = await only(included);
    expect(answer.ownership).toHaveLength(25);
    expect(answer.policy).toHaveLength(26);
    expect(answer.policy![12]).toBe(-1);
    const sum = answer.policy!.reduce((total, share) => total + Math.max(0, share), 0);
    expect(sum).toBeCloseTo(1, 5);
    const [best] = answer.moveInfos!;
    expect(best!['ownership']).toHaveLength(25);
    expect(best!['pvVisits']).toHaveLength((best!['pv'] as string[]).length);
    expect(best!['pvEdgeVisits']).toEqual(best!['pvVisits']);
  });

  it('takes the side it is told to', async () => {
    const as = (side: string) => only({ overrideSettings: { reportAnalysisWinratesAs: side }, includeOwnership: true });
    const [black, white, mover] = [await as('BLACK'), await as('WHITE'), await as('SIDETOMOVE')];
    expect(black.rootInfo!['winrate']).toBeGreaterThan(0.5);
    expect(mover.rootInfo).toEqual(white.rootInfo);
    expect(Number(black.rootInfo!['winrate']) + Number(white.rootInfo!['winrate'])).toBeCloseTo(1, 6);
    expect(Number(black.moveInfos![0]!['scoreLead'])).toBeCloseTo(-Number(white.moveInfos![0]!['scoreLead']), 5);
    expect(black.ownership![12]).toBeCloseTo(-white.ownership![12]!, 6);
  });

  it('gives a position and its symmetric one the same symHash', async () => {
    const corner = await only({ moves: [['B', 'A1']] });
    const other = await only({ moves: [['B', '(4,0)']] });
    expect(corner.rootInfo!['symHash']).toBe(other.rootInfo!['symHash']);
    expect(corner.rootInfo!['thisHash']).not.toBe(other.rootInfo!['thisHash']);
  });

  it('may ask for several turns, in order of their priorities', async () => {
    const moves = [
      ['B', 'C3'],
      ['W', 'C4'],
      ['b', 'pass'],
    ];
    const answers = await analyse([{ ...query, moves, analyzeTurns: [0, 1, 3], priorities: [1, 2, 3] }], {
      settings: { positions: 1 },
    });
    // The first to come starts at once; those that wait are put in order.
    expect(answers.map((answer) => answer.turnNumber)).toEqual([0, 3, 1]);
  });

  it('searches no move that it must avoid, and only those that it may play', async () => {
    const avoid = await only({ avoidMoves: [{ player: 'W', moves: ['C2', 'C4', 'B3', 'D3'], untilDepth: 1 }] });
    expect(avoid.moveInfos!.some((move) => ['C2', 'C4', 'B3', 'D3'].includes(String(move['move'])))).toBe(false);
    const allow = await only({ allowMoves: [{ player: 'W', moves: ['A1', 'B1'], untilDepth: 1 }] });
    expect(allow.moveInfos!.map((move) => move['move']).sort()).toEqual(['A1', 'B1']);
  });

  it('knows whose turn it is after handicap stones, and if it is told', async () => {
    const initialStones = [
      ['B', 'B2'],
      ['B', 'D4'],
    ];
    expect((await only({ moves: [], initialStones })).rootInfo!['currentPlayer']).toBe('W');
    expect((await only({ moves: [], initialStones, initialPlayer: 'b' })).rootInfo!['currentPlayer']).toBe('B');
  });

  it('reports on the way as often as it is told to', async () => {
    const answers = await analyse([{ ...query, maxVisits: 200, reportDuringSearchEvery: 0.001 }]);
    expect(answers.length).toBeGreaterThan(2);
    expect(answers.map((answer) => answer.isDuringSearch)).toEqual([...answers.slice(1).map(() => true), false]);
    const late = await analyse([{ ...query, reportDuringSearchEvery: 0.001, firstReportDuringSearchAfter: 1000 }]);
    expect(late).toHaveLength(1);
  });

  it('is searched with the parameters that it names', async () => {
    const visitsOfBest = async (cpuctExploration: number) =>
      Number((await only({ maxVisits: 100, overrideSettings: { cpuctExploration } })).moveInfos![0]!['visits']);
    expect(await visitsOfBest(0.1)).toBeGreaterThan(await visitsOfBest(8));
  });

  it('ends by time too', async () => {
    const answer = await only({ maxVisits: 1_000_000, overrideSettings: { maxTime: 0.05 } });
    expect(answer.isDuringSearch).toBe(false);
  });
});

describe('a query that cannot be answered', () => {
  it.each([
    [{ boardXSize: 19, boardYSize: 19 }, 'boardXSize', "Model hand@0 plays 9×9, 7×7, 5×5; the query's board is 19×19"],
    [{ boardYSize: 7 }, 'boardYSize', 'Only square boards'],
    [{ boardXSize: undefined }, 'boardXSize', 'Must provide an integer from 2 to 19'],
    [{ boardXSize: 'five' }, 'boardXSize', 'Must be an integer from 2 to 19, not five'],
    [{ moves: undefined }, 'moves', 'Must specify an array of [player, location] pairs'],
    [
      {
        moves: [
          ['B', 'C3'],
          ['W', 'C3'],
        ],
      },
      'moves',
      'Illegal move 1: C3',
    ],
    [{ moves: [['B', 'Z9']] }, 'moves', 'Could not parse board location: Z9'],
    [{ moves: [['green', 'A1']] }, 'moves', 'Could not parse player: green'],
    [{ moves: ['B A1'] }, 'moves', 'Must be an array of pairs'],
    [{ initialStones: [['B', 'pass']] }, 'initialStones', 'Could not parse board location: pass'],
    [{ rules: undefined }, 'rules', 'Must specify rules'],
    [{ rules: 'chess' }, 'rules', 'Unknown rules chess'],
    [{ komi: 0.3 }, 'komi', 'komi is 0.3'],
    [{ rules: { ko: 'NONE' } }, 'rules', 'Rule ko cannot be NONE'],
    [{ rules: { mood: 'good' } }, 'rules', 'Unknown rule mood'],
    [{ whiteHandicapBonus: 'M' }, 'whiteHandicapBonus', 'Must be 0, N or N-1, not M'],
    [{ analyzeTurns: [] }, 'analyzeTurns', 'Must name at least one turn, or be left out for the last one'],
    [{ analyzeTurns: [2] }, 'analyzeTurns', 'Must be an array of integers from 0 to 1, not [2]'],
    [{ analyzeTurns: [0], priorities: [1, 2] }, 'priorities', 'Must be of matching length to analyzeTurns'],
    [{ maxVisits: 0 }, 'maxVisits', 'Must be an integer from 1'],
    [{ includePolicy: 'yes' }, 'includePolicy', 'Must be true or false, not yes'],
    [{ overrideSettings: 7 }, 'overrideSettings', 'Must be an object, not 7'],
    [
      { overrideSettings: { maxTime: 'soon' } },
      'overrideSettings',
      'Could not set settings: maxTime: Must be a number',
    ],
    [
      { overrideSettings: { cpuctExploration: 99 } },
      'overrideSettings',
      "Could not set settings: cpuctExploration: Setting 'cpuctExploration' is 99; it must be a number from 0 to 10",
    ],
    [{ rootFpuReductionMax: 3 }, 'rootFpuReductionMax', 'Must be a number from 0 to 2, not 3'],
    [{ avoidMoves: [{ player: 'W', moves: ['A1'] }] }, 'avoidMoves', "subfields 'player', 'moves', 'untilDepth'"],
    [
      { avoidMoves: [{ player: 'W', moves: ['Q9'], untilDepth: 1 }] },
      'avoidMoves',
      'Could not parse board location: Q9',
    ],
  ])('says which field is wrong and why: %j', async (changes, field, message) => {
    const answer = await only(changes);
    expect(answer).toMatchObject({ id: 'q', field });
    expect(answer.error).toContain(message);
    expect(Object.keys(answer).sort()).toEqual(['error', 'field', 'id']);
  });

  it('is named by what could be read of it', async () => {
    const answers = await analyse(['{', '[]', '{"moves":[]}', '', '{"id":"a","action":"dance"}']);
    expect(answers.map(({ error, id }) => [id, error?.slice(0, 40)])).toEqual([
      [undefined, expect.stringContaining('JSON')],
      [undefined, 'Request line was valid json but was not '],
      [undefined, 'Request must have a string "id" field'],
      ['a', "'action' field must be 'query_version' o"],
    ]);
  });

  it('is refused if it is too long or too deep, and later ones are served', async () => {
    const deep = (field: string): string => `{"id":"d","${field}":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
    const long = `{"id":"l","moves":[${'["b","A1"],'.repeat(5000)}]}`;
    const lines = [deep('rules'), deep('moves').replace('"id"', '"action":"clear_cache","id"'), JSON.stringify(query)];
    const answers = await analyse(lines, { maxLineLength: 300_000 });
    const tooLong = await analyse([long, JSON.stringify(query)], { maxLineLength: 1000 });
    expect(answers.slice(0, 2).map(({ error }) => error)).toEqual(
      Array(2).fill(expect.stringContaining('lists or objects more than 32 deep in one another')),
    );
    expect(tooLong[0]).toEqual({
      error: expect.stringContaining('Request line has more than 1000 characters: {"id":"l"') as string,
    });
    for (const last of [answers.at(-1), tooLong.at(-1)]) expect(last).toMatchObject({ id: 'q', isDuringSearch: false });
  });

  it('is answered with the reason if the server is not there, and later ones are served', async () => {
    let asked = 0;
    const model = () =>
      ++asked === 1
        ? Promise.reject(new AppError('unavailable', 'connect ECONNREFUSED'))
        : Promise.resolve({ ref: 'hand@0', sizes: [5], tellsRules: false, katagoVersion: 8 });
    const answers = await analyse([query, { ...query, id: 'again' }], { model });
    expect(answers[0]).toEqual({ error: 'connect ECONNREFUSED', id: 'q' });
    expect(answers[1]).toMatchObject({ id: 'again', isDuringSearch: false });
  });

  it('has one answer a turn if the network fails', async () => {
    const evaluator = { evaluate: () => Promise.reject(new AppError('unavailable', 'shutting down')) };
    const answers = await analyse([{ ...query, analyzeTurns: [0, 1] }], { evaluator });
    expect(answers).toEqual([0, 1].map((turnNumber) => ({ error: 'shutting down', id: 'q', turnNumber })));
  });
});

describe('what is not supported', () => {
  it.each([
    [{ rules: 'japanese' }, 'rules', 'The network only knows area scoring without tax'],
    [{ rules: { scoring: 'TERRITORY' } }, 'rules', 'The network only knows area scoring without tax'],
    [
      { overrideSettings: { wideRootBlah: 0.04, cpuctBlah: 1 } },
      'overrideSettings',
      'Unknown config params: wideRootBlah,cpuctBlah',
    ],
    [{ includeOwnershipStdev: true }, 'includeOwnershipStdev', 'Not supported; left out'],
    [{ mood: 'good' }, 'mood', 'Unexpected or unused field'],
  ])('is warned of, and the rest is answered: %j', async (changes, field, message) => {
    const [warning, answer] = await analyse([{ ...query, ...changes }]);
    expect(warning).toMatchObject({ id: 'q', field, warning: expect.stringContaining(message) as string });
    expect(answer).toMatchObject({ id: 'q', isDuringSearch: false, turnNumber: 1 });
  });

  it('may be known to another network: territory scoring, with its own komi', async () => {
    const model = () => Promise.resolve({ ref: 'kata@0', sizes: [5], tellsRules: true, katagoVersion: 8 });
    const seen: string[] = [];
    const evaluator = new HeuristicEvaluator();
    const evaluate = evaluator.evaluate.bind(evaluator);
    evaluator.evaluate = (positions, options) => {
      for (const { rules } of positions) seen.push(`${rules.scoring ?? ''} ${rules.tax ?? ''} ${String(rules.komi)}`);
      return evaluate(positions, options);
    };
    const answers = await analyse([{ ...query, rules: 'japanese', komi: undefined }], { model, evaluator });
    expect(answers).toHaveLength(1);
    expect(new Set(seen)).toEqual(new Set(['territory seki 6.5']));
  });

  it('is not warned of at values that change nothing', async () => {
    expect(await only({ overrideSettings: { wideRootNoise: 0.0, rootPolicyTemperature: '1' } })).toHaveProperty(
      'rootInfo',
    );
  });
});

describe('an action', () => {
  it('says what the engine and its model are', async () => {
    const [version, models, cleared] = await analyse([
      { id: 'a', action: 'query_version' },
      { id: 'b', action: 'query_models' },
      { id: 'c', action: 'clear_cache' },
    ]);
    expect(version).toEqual({ id: 'a', action: 'query_version', version: '1.2.3', git_hash: '<omitted>' });
    expect(models).toMatchObject({
      id: 'b',
      models: [{ name: 'hand@0', internalName: 'hand@0', usesHumanSLProfile: false, version: 8 }],
    });
    expect(cleared).toEqual({ id: 'c', action: 'clear_cache' });
  });

  it('terminates what waits without results, and what runs with those it has', async () => {
    const conversation = new AnalysisConversation({ settings: { positions: 1 } });
    conversation.send({ ...query, id: 'runs', maxVisits: 10_000_000, reportDuringSearchEvery: 0.001 });
    conversation.send({ ...query, id: 'waits', analyzeTurns: [0, 1] }, { ...query, id: 'stays' });
    await conversation.answer(({ id, isDuringSearch }) => id === 'runs' && isDuringSearch === true);
    conversation.send({ id: 't1', action: 'terminate', terminateId: 'waits', turnNumbers: [0] });
    conversation.send({ id: 't2', action: 'terminate', terminateId: 'runs' });
    const finals = (await conversation.close()).filter(({ isDuringSearch }) => isDuringSearch === false);
    expect(finals.find(({ id }) => id === 'waits')).toEqual({
      id: 'waits',
      isDuringSearch: false,
      noResults: true,
      turnNumber: 0,
    });
    expect(finals.find(({ id }) => id === 'runs')!.rootInfo!['visits']).toBeLessThan(10_000_000);
    expect(finals.map(({ id }) => id).sort()).toEqual(['runs', 'stays', 'waits', 'waits']);
    expect(conversation.answers).toContainEqual({ id: 't2', action: 'terminate', terminateId: 'runs' });
  });

  it('terminates a position before its first evaluation', async () => {
    const evaluator = new HeldEvaluator();
    const conversation = new AnalysisConversation({ evaluator }).send(query, { id: 't', action: 'terminate_all' });
    await conversation.answer(({ noResults }) => noResults === true);
    evaluator.release();
    expect(await conversation.close()).toHaveLength(2);
  });

  it('that lacks what it needs is refused', async () => {
    const [first, second] = await analyse([
      { id: 'a', action: 'terminate' },
      { id: 'b', action: 'terminate_all', turnNumbers: 'all' },
    ]);
    expect(first).toMatchObject({ id: 'a', field: 'terminateId' });
    expect(second).toMatchObject({ id: 'b', field: 'turnNumbers' });
  });
});

describe('the end', () => {
  it('comes when everything that was asked is answered', async () => {
    const queries = Array.from({ length: 20 }, (_, i) => ({ ...query, id: String(i) }));
    const answers = await analyse(queries, { settings: { waiting: 2 } });
    expect(answers.map(({ id }) => Number(id)).sort((a, b) => a - b)).toEqual(queries.map((_, i) => i));
  });

  it('comes at once where it is told not to wait, and when it is interrupted', async () => {
    const endless = { ...query, maxVisits: 10_000_000 };
    const quick = await analyse([endless, endless, endless], { settings: { quitWithoutWaiting: true } });
    expect(quick).toHaveLength(3);
    const conversation = new AnalysisConversation().send(endless);
    conversation.interrupt();
    await conversation.ended;
  });
});
