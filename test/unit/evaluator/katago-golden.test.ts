/** KataGo's answers to `kata-raw-nn`, through features, network and evaluator; skipped where the shared folder is missing. */

import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readConfig } from '../../../src/core/config.js';
import { BLACK, WHITE } from '../../../src/go/color.js';
import type { GoEvaluation } from '../../../src/go/evaluation.js';
import { Position } from '../../../src/go/position.js';
import type { Rules } from '../../../src/go/rules.js';
import { parseVertex } from '../../../src/go/vertex.js';
import { evaluatorSchema } from '../../../src/evaluator/config.js';
import { Evaluator } from '../../../src/evaluator/evaluator.js';
import { fromKatago } from '../../../src/server/models/katago-file.js';
import { readAnswers } from '../../support/katago-answers.js';
import { isMissing } from '../../support/needs.js';
import { MemoryModels } from '../../support/served-models.js';

const shared = new URL('../../../../shared/', import.meta.url);
const networks = ['g170-b6c96-s175395328-d26788732', 'katago-tinymish'];

const chinese: Rules = { ko: 'simple', suicide: false, komi: 7.5, whiteHandicapBonus: 'N', friendlyPassOk: true };
const trompTaylor: Rules = { ko: 'positional', suicide: true, komi: 7.5 };

function played(size: number, rules: Rules, ...moves: string[]): Position {
  const position = new Position(size, rules);
  moves.forEach((move, i) => {
    position.setToMove(i % 2 === 0 ? BLACK : WHITE);
    position.play(parseVertex(move, size));
  });
  return position;
}

/** The positions that KataGo was asked about, Black to move in each. */
const positions = [played(9, chinese, 'C3', 'C6'), played(19, trompTaylor, 'Q16', 'D4', 'C6', 'pass')];

/** Probabilities of the moves that KataGo gives one, and of the pass. */
function priorsOf({ logits }: GoEvaluation, legal: readonly boolean[]): number[] {
  const most = Math.max(...logits);
  const weights = [...logits].map((logit, i) => (legal[i] === false ? 0 : Math.exp(logit - most)));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

function expectClose(seen: readonly number[], wanted: readonly number[], within: number): void {
  const off = seen.map((value, i) => (Number.isNaN(wanted[i]) ? 0 : Math.abs(value - wanted[i]!)));
  expect(seen).toHaveLength(wanted.length);
  expect(Math.max(...off)).toBeLessThan(within);
}

describe.skipIf(isMissing('shared', existsSync(shared)))("KataGo's own networks (needs ../shared)", () => {
  const models = new MemoryModels();
  let evaluator: Evaluator;

  beforeAll(async () => {
    for (const name of networks) {
      models.add(name, await fromKatago(readFileSync(new URL(`nets/${name}.bin.gz`, shared)), 100_000_000));
    }
    evaluator = new Evaluator(models, readConfig(evaluatorSchema, { threads: 1, maxBatch: 8, cacheMegabytes: 1 }));
    await evaluator.ready();
  });
  afterAll(() => evaluator.close());

  it.each(networks)('%s answers as in KataGo, 9×9 and 19×19 in one request', async (name) => {
    const text = readFileSync(new URL(`golden/${name}.rawnn.txt`, shared), 'utf8');
    const snapshots = positions.map((position) => position.snapshot());
    const { evaluations } = await evaluator.evaluate({ model: name, positions: snapshots, ownership: true });
    const answers = readAnswers(text);
    expect(answers).toHaveLength(2);
    answers.forEach(({ numbers, policy, ownership }, i) => {
      const seen = evaluations[i]!;
      const all = [...policy, numbers.get('policyPass')!];
      const legal = all.map((value) => !Number.isNaN(value));
      // KataGo prints six digits, and everything from White's side.
      expectClose(
        [seen.loss, seen.win, seen.draw],
        ['whiteWin', 'whiteLoss', 'noResult'].map((key) => numbers.get(key)!),
        1e-5,
      );
      // Policy and ownership are kept as halves.
      expectClose(priorsOf(seen, legal), all, 5e-4);
      expectClose(
        [...seen.ownership!].map((value) => -value),
        ownership,
        5e-4,
      );
      expectClose([-seen.lead!, -seen.score], [numbers.get('whiteLead')!, numbers.get('whiteScoreSelfplay')!], 1e-3);
      const square = seen.score ** 2 + seen.scoreStdev! ** 2;
      expect(Math.abs(square / numbers.get('whiteScoreSelfplaySq')! - 1)).toBeLessThan(1e-4);
      const errors = [seen.varTimeLeft, seen.shorttermWinlossError, seen.shorttermScoreError].map(
        (value) => value ?? -1,
      );
      const keys = ['varTimeLeft', 'shorttermWinlossError', 'shorttermScoreError'];
      expectClose(
        errors,
        keys.map((key) => numbers.get(key)!),
        1e-3,
      );
    });
  });
});
