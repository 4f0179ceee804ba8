import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { AppError } from '../../../src/core/errors.js';
import { Rng } from '../../../src/core/rng.js';
import { cancelled } from '../../../src/core/signals.js';
import type { GoEvaluation } from '../../../src/go/evaluation.js';
import type { Position } from '../../../src/go/position.js';
import { parseSgf } from '../../../src/go/sgf/read.js';
import type { Evaluator } from '../../../src/search/evaluator.js';
import { HeuristicEvaluator, heuristicEvaluation } from '../../support/heuristic-evaluator.js';
import { converse, GtpConversation } from '../../support/gtp-session.js';

/** The network made by hand, changed. */
function evaluatorWith(
  change: (evaluation: GoEvaluation, position: Position) => GoEvaluation,
): Evaluator<Position, GoEvaluation> {
  return {
    evaluate: (positions) =>
      Promise.resolve(positions.map((position) => change(heuristicEvaluation(position.snapshot()), position))),
  };
}

/** Fails after some evaluations. */
class FailingEvaluator extends HeuristicEvaluator {
  left: number;
  constructor(left: number) {
    super();
    this.left = left;
  }
  override evaluate(positions: readonly Position[], options = {}): Promise<readonly GoEvaluation[]> {
    this.left -= positions.length;
    if (this.left < 0) return Promise.reject(new AppError('unavailable', 'The server ended the stream'));
    return super.evaluate(positions, options);
  }
}

const lastReply = (output: string): string => output.trimEnd().split('\n\n').at(-1)!;

describe('a move', () => {
  it('takes over the part of the tree that the game went through', async () => {
    const evaluator = new HeuristicEvaluator();
    await converse('boardsize 5\ngenmove b\n', { evaluator, settings: { visits: 100, batch: 1 } });
    const first = evaluator.asked;
    const again = new HeuristicEvaluator();
    const script = 'boardsize 5\nanalyze b 1\ngenmove b\nreg_genmove w\n';
    await converse(script, { evaluator: again, settings: { visits: 100, batch: 1 } });
    expect(again.asked).toBeLessThan(2 * first);
  });

  it('is a resignation after enough hopeless turns, and never if that is switched off', async () => {
    const evaluator = evaluatorWith((evaluation) => ({ ...evaluation, value: -0.99 }));
    const losing = evaluatorWith((evaluation, position) => ({
      ...evaluation,
      value: position.toMove === 1 ? -0.99 : 0.99,
    }));
    const moves = 'boardsize 5\n' + 'genmove b\nplay w pass\n'.repeat(10);
    const replies = (
      await converse(moves, { evaluator: losing, settings: { resignBelow: 0.05, resignTurns: 6, playOut: true } })
    )
      .split('\n\n')
      .filter((reply) => /^= \S/.test(reply));
    expect(replies.slice(0, 5).every((reply) => /^= [A-E]\d$/.test(reply))).toBe(true);
    expect(replies[5]).toBe('= resign');
    const never = await converse(moves, { evaluator, settings: { resignBelow: 0, playOut: true } });
    expect(never).not.toContain('resign');
  });

  it('is a pass after a pass if the stones as they stand win, unless told to play on', async () => {
    const script = 'boardsize 5\nkomi 0.5\nplay b C3\nplay w pass\ngenmove b\n';
    expect(lastReply(await converse(script))).toBe('= pass');
    expect(lastReply(await converse(script, { settings: { playOut: true } }))).toMatch(/^= [A-E]\d$/);
    expect(lastReply(await converse(script.replace('genmove', 'kgs-genmove_cleanup')))).toMatch(/^= [A-E]\d$/);
  });

  it('is no pass that loses a game which only looks won because dead stones are taken as dead', async () => {
    const evaluator = evaluatorWith((evaluation, position) => {
      const logits = evaluation.logits.slice();
      logits[position.actionCount - 1] = 12;
      return { ...evaluation, logits, value: position.toMove === 1 ? 0.9 : -0.9 };
    });
    const script = 'boardsize 5\nkomi 24\nplay b C3\nplay w A1\n';
    expect(lastReply(await converse(`${script}genmove b\n`, { evaluator }))).toMatch(/^= [A-E]\d$/);
    expect(lastReply(await converse(`${script}komi -24\ngenmove b\n`, { evaluator }))).toBe('= pass');
  });

  it('is made in time, with what was found until then', async () => {
    const slow: Evaluator<Position, GoEvaluation> = {
      evaluate: (positions, { signal } = {}) =>
        new Promise((resolve, reject) => {
          const timer = setTimeout(() => resolve(positions.map((p) => heuristicEvaluation(p.snapshot()))), 20);
          signal?.addEventListener('abort', () => {
            clearTimeout(timer);
            reject(new AppError('cancelled', 'cancelled'));
          });
        }),
    };
    const output = await converse('time_settings 3 0 0\ngenmove b\n', {
      evaluator: slow,
      settings: { visits: 1_000_000 },
    });
    expect(output).toMatch(/^=\n\n= [A-J]\d\n\n$/);
  });

  it('comes from what is known when the server goes away in the middle, and fails only if nothing is', async () => {
    const conversation = new GtpConversation({ evaluator: new FailingEvaluator(9), settings: { visits: 100 } });
    conversation.send('genmove b\ngenmove w\nname\n');
    const output = await conversation.close();
    expect(output).toMatch(
      /^= [A-J]\d\n\n(= [A-J]\d|\? cannot reach the server: The server ended the stream)\n\n= Tengen\n\n$/,
    );
    expect(conversation.troubles[0]?.kind).toBe('unavailable');
    expect(await converse('genmove b\n', { evaluator: new FailingEvaluator(0) })).toBe(
      '? cannot reach the server: The server ended the stream\n\n',
    );
  });
});

describe('the version', () => {
  it('is that of the package, and the model as far as it is known', async () => {
    const conversation = new GtpConversation();
    conversation.send('version\n');
    await conversation.until(/= 0\.1\.0\n\n/);
    conversation.session.model = 'net@1';
    conversation.send('version\n');
    expect(await conversation.close()).toBe('= 0.1.0\n\n= 0.1.0 net@1\n\n');
  });
});

describe('an outage', () => {
  it('is said by every command that needs the server, and by no other', async () => {
    const ready = (): Promise<void> => Promise.reject(new AppError('unavailable', 'No connection established'));
    const output = await converse('name\n1 boardsize 9\nlist_commands\ngenmove b\nquit\n', { ready });
    expect(output).toMatch(
      /^= Tengen\n\n\?1 cannot reach the server: No connection established\n\n= protocol_version\n/,
    );
    expect(output).toMatch(/\n\n\? cannot reach the server: No connection established\n\n=\n\n$/);
  });
});

describe('a finished game', () => {
  const script =
    'boardsize 5\nkomi 0.5\n' +
    ['B1', 'B2', 'B3', 'B4', 'B5', 'A2', 'A4', 'E3'].map((vertex) => `play b ${vertex}\n`).join('') +
    ['C1', 'C2', 'C3', 'C4', 'C5', 'D2', 'D4'].map((vertex) => `play w ${vertex}\n`).join('');

  it('is scored without the stones that the network is sure are dead', async () => {
    // E3, row 2 column 4, lies in White's area.
    const evaluator = evaluatorWith((evaluation, position) => {
      const ownership = evaluation.ownership!.slice();
      ownership[14] = position.toMove === 1 ? -0.95 : 0.95;
      return { ...evaluation, ownership };
    });
    const output = await converse(`${script}final_status_list dead\nfinal_score\n`, { evaluator });
    expect(output).toMatch(/= E3\n\n= W\+5\.5\n\n$/);
  });

  it('is scored with every stone alive if there is no network to ask', async () => {
    const conversation = new GtpConversation({ evaluator: new FailingEvaluator(0) });
    conversation.send(`${script}final_status_list dead\nfinal_score\n`);
    // White's open points next to E3 belong to nobody: 10 black points and E3, 7 white stones.
    expect(await conversation.close()).toMatch(/=\n\n= B\+\d\.5\n\n$/);
    expect(conversation.troubles).toHaveLength(2);
  });
});

describe('pondering', () => {
  it('ends quietly when the server goes away', async () => {
    const conversation = new GtpConversation({
      evaluator: new FailingEvaluator(40),
      settings: { ponder: true, visits: 8, analysisVisits: 300 },
    });
    conversation.send('genmove b\n');
    await conversation.until(/= [A-J]\d\n\n/);
    while (conversation.troubles.length === 0) await new Promise((resolve) => setImmediate(resolve));
    conversation.send('play w A1\ngenmove b\n');
    expect(await conversation.close()).toMatch(/=\n\n\? cannot reach the server: The server ended the stream\n\n$/);
  });

  it("searches on the opponent's time only if told to", async () => {
    const asked = async (ponder: boolean): Promise<number> => {
      const evaluator = new HeuristicEvaluator();
      const conversation = new GtpConversation({ evaluator, settings: { ponder, visits: 8, analysisVisits: 300 } });
      conversation.send('genmove b\n');
      await conversation.until(/= [A-J]\d\n\n/);
      // A turn of the event loop an evaluation: enough for hundreds.
      for (let turn = 0; turn < 500; turn++) await new Promise((resolve) => setImmediate(resolve));
      conversation.send('name\n');
      await conversation.until(/Tengen/);
      await conversation.close();
      return evaluator.asked;
    };
    expect(await asked(false)).toBeLessThan(20);
    expect(await asked(true)).toBeGreaterThan(100);
  });
});

describe('a search that may be cancelled', () => {
  it.each(['kata-search_cancellable b', 'kata-search_analyze_cancellable b 100'])(
    'says so, also before the first evaluation: %s',
    async (command) => {
      const stalled: Evaluator<Position, GoEvaluation> = {
        evaluate: (_positions, { signal } = {}) =>
          new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(cancelled(signal)))),
      };
      const output = await converse(`boardsize 5\n7 ${command}\n8 name\n`, { evaluator: stalled });
      expect(output.split('\n\n').slice(1, 3).join('|')).toMatch(/^=7\s(play )?cancelled\|=8 Tengen$/);
    },
  );
});

describe('kata-benchmark', () => {
  it('searches the position as often as it is told to', async () => {
    const output = await converse('boardsize 5\nplay b C3\nkata-benchmark 50\nkata-benchmark\n');
    expect(output).toMatch(/= 51 visits in [\d.]+ s, [\d.]+ visits\/s\n\n\? syntax error/);
  });
});

describe('a temperature', () => {
  it('varies the first moves, and is off by default', async () => {
    const openings = async (temperature: number): Promise<number> => {
      const replies = new Set<string>();
      for (let game = 0; game < 12; game++) {
        // The clock seeds the draws, so one of two games at once would be the other.
        const conversation = new GtpConversation({ settings: { temperature, visits: 32 } });
        Object.assign(conversation.session, { rng: new Rng(game) });
        conversation.send('boardsize 5\nplay b A1\nplay w E4\ngenmove b\n');
        replies.add(lastReply(await conversation.close()));
      }
      return replies.size;
    };
    expect(await openings(0)).toBe(1);
    expect(await openings(2)).toBeGreaterThan(2);
  });
});

describe('loadsgf and printsgf', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tengen-sgf-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const fileOf = (text: string): string => {
    const file = join(folder, 'game.sgf');
    writeFileSync(file, text);
    return file;
  };
  const converseOn7 = (commands: string): Promise<string> => converse(`boardsize 7\n${commands}`, { tellsRules: true });

  it('keep the game in progress where a file cannot be loaded, and say why', async () => {
    const file = fileOf('(;SZ[7]KM[3];B[aa];W[bb];B[zz])');
    const said = await converseOn7(`komi 5\nplay b C3\nloadsgf ${file}\nget_komi\nundo\nundo\n`);
    expect(said.split('\n\n').slice(3)).toEqual([
      "? cannot load file: SGF point 'zz' is not on a board of size 7 (line 1, column 26, B)",
      '= 5',
      '=',
      '? cannot undo',
      '',
    ]);
  });

  it('read only as far as they are asked', async () => {
    const file = fileOf('(;SZ[7];B[aa];W[bb];B[zz])');
    const said = await converseOn7(`loadsgf ${file} 3\nundo\nundo\nundo\n`);
    expect(said.split('\n\n').slice(1)).toEqual(['=', '=', '=', '? cannot undo', '']);
  });

  it('tell what was passed over or guessed', async () => {
    const conversation = new GtpConversation();
    conversation.send(`boardsize 7\nloadsgf ${fileOf('hello (;SZ[7]KM[375];B[aa]')}\n`);
    await conversation.close();
    expect(conversation.notes.map((note) => note.replace(/^.*game.sgf: /, ''))).toEqual([
      'line 1, column 1: 6 characters before the game were passed over',
      "line 1, column 27: the text ends with 1 '(' open, which was taken for their end",
      "line 1, column 14, KM: '375' was read as a komi of 7.5",
    ]);
  });

  it('lose nothing that a file says of its game', async () => {
    const text = '(;SZ[7]KM[0.5]RU[Japanese]HA[2]PB[Lee]PW[Cho]RE[W+R]GN[final]C[hi]AB[bb][ff];W[cc]C[good];B[dd])';
    const [, , printed = ''] = (await converseOn7(`loadsgf ${fileOf(text)}\nprintsgf -\n`)).split('\n\n');
    expect(parseSgf(printed)).toEqual(parseSgf(text));
    const [, , , later = ''] = (await converseOn7(`loadsgf ${fileOf(text)}\nplay w E5\nprintsgf\n`)).split('\n\n');
    expect(parseSgf(later)).toMatchObject({ handicap: 2, blackName: 'Lee' });
    expect(parseSgf(later).result).toBeUndefined();
    expect(parseSgf(later).moves[0]!.comment).toBe('good');
  });
});

describe('moves of others', () => {
  it('are played though our rules forbid them: a ko taken back, a chain that removes itself', async () => {
    const ko = 'play b C1\nplay b B2\nplay b C3\nplay w D1\nplay w E2\nplay w D3\nplay w C2\nplay b D2\nplay w C2\n';
    const said = await converse(`boardsize 5\n${ko}play b C2\n`);
    expect(said).toBe(`${'=\n\n'.repeat(10)}? illegal move\n\n`);
    const suicide = 'play b B1\nplay w A2\nplay w B2\nplay w C1\nplay b A1\n';
    expect(await converse(`boardsize 5\n${suicide}`)).toBe('=\n\n'.repeat(6));
    expect(await converse('boardsize 5\nplay w A2\nplay w B1\nplay b A1\n')).toMatch(/\? illegal move\n\n$/);
  });
});

describe('what is too large for the bridge', () => {
  it('is a line of megabytes, which is not carried out as far as it goes, and the next one is', async () => {
    const conversation = new GtpConversation();
    conversation.send(`1 play b A1${' '.repeat(5_000_000)}B2\n2 name\n`);
    const said = await conversation.close();
    expect(said).toMatch(/^\?1 the line has more than 65536 characters, which is the most that is read\n\n=2 /);
    expect(conversation.session.game.turns).toEqual([]);
  });

  it('is a file of 50 MB, a folder, and a device without an end, and each is refused with the reason', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tengen-sgf-'));
    const file = join(folder, 'large.sgf');
    writeFileSync(file, `(;SZ[9]C[${'x'.repeat(50_000_000)}])`);
    const said = await converse(`loadsgf ${file}\nloadsgf ${folder}\nloadsgf /dev/zero\n`);
    rmSync(folder, { recursive: true });
    expect(said).toBe(
      '? cannot load file: The SGF has 50000011 bytes; it may have 16777216 at most\n\n' +
        `? cannot load file: '${folder}' is no file\n\n? cannot load file: '/dev/zero' is no file\n\n`,
    );
  });
});
