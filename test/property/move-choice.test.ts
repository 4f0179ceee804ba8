import { describe, expect, it } from 'vitest';
import { bridgeSchema } from '../../clients/gtp-bridge/config.js';
import { generate } from '../../clients/gtp-bridge/generate.js';
import { Session } from '../../clients/gtp-bridge/session.js';
import { readConfig } from '../../src/core/config.js';
import { Rng } from '../../src/core/rng.js';
import type { GoEvaluation } from '../../src/go/evaluation.js';
import type { Position } from '../../src/go/position.js';
import { koRules } from '../../src/go/rules.js';

/** Opinions without sense, so that every move comes up, a pass most of all; the deviation brings score utility in. */
function senseless(rng: Rng): (position: Position) => GoEvaluation {
  return ({ actionCount }) => {
    const logits = Float32Array.from({ length: actionCount }, () => 3 * rng.normal());
    logits[actionCount - 1]! += 2;
    const value = 2 * rng.float() - 1;
    const score = 10 * rng.normal();
    return { logits, win: (1 + value) / 2, draw: 0, loss: (1 - value) / 2, value, score, scoreStdev: 5 };
  };
}

describe('the bridge', () => {
  it('makes a legal move in a thousand random positions', async () => {
    const rng = new Rng(20260101);
    const opinion = senseless(rng);
    const settings = { visits: 6, batch: 3, resignBelow: 0, temperature: 1 };
    const evaluator = { evaluate: (positions: readonly Position[]) => Promise.resolve(positions.map(opinion)) };
    const stop = new AbortController().signal;
    for (let seen = 0; seen < 1000;) {
      const session = new Session({
        version: '1.2.3',
        config: readConfig(bridgeSchema, settings),
        evaluatorFor: () => evaluator,
        onTrouble: (error) => {
          throw error;
        },
      });
      const size = 3 + rng.int(4);
      session.setSizes([size]);
      session.setRules({ ko: koRules[rng.int(3)]!, suicide: rng.int(2) === 1, komi: rng.int(10) - 4.5 });
      for (let move = 0; move < 60 && seen < 1000; move++, seen++) {
        const { position } = session.game;
        const color = position.toMove;
        const before = session.game.positionFor(color);
        const step = await generate(session, { color, play: true, cleanUp: rng.int(4) === 0, stop }).next();
        expect(step.done).toBe(true);
        expect(before.isLegal(Number(step.value)), `move ${move} on size ${size}: ${String(step.value)}`).toBe(true);
      }
    }
  });
});
