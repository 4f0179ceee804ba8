import { describe, expect, it } from 'vitest';
import { AppError } from '../../../src/core/errors.js';
import { cancelled } from '../../../src/core/signals.js';
import type { GoEvaluation } from '../../../src/go/evaluation.js';
import type { Position } from '../../../src/go/position.js';
import type { Evaluator } from '../../../src/search/evaluator.js';
import { GtpConversation } from '../../support/gtp-session.js';

/** A server that took the request and says nothing. */
const stalled: Evaluator<Position, GoEvaluation> = {
  evaluate: (_positions, { signal } = {}) =>
    new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(cancelled(signal)))),
};

/** A server that fails every request. */
function failing(error: AppError): Evaluator<Position, GoEvaluation> {
  return { evaluate: () => Promise.reject(error) };
}

async function talk(script: string, evaluator: Evaluator<Position, GoEvaluation>, settings = {}) {
  const conversation = new GtpConversation({ evaluator, settings: { lag: 0, ...settings } });
  conversation.send(`boardsize 5\n${script}`);
  const output = await conversation.close();
  return { replies: output.split('\n\n').filter(Boolean).slice(1), conversation };
}

describe('a move that the network says nothing about', () => {
  it('is made without it before the clock runs out, and the log says so', async () => {
    const { replies, conversation } = await talk('kata-time_settings absolute 0.4\ngenmove b\n', stalled);
    expect(replies[1]).toMatch(/^= [A-E]\d$/);
    expect(conversation.troubles.map((trouble) => trouble.message)).toEqual([
      'A move is made without the network: no answer within 200 ms',
    ]);
    expect(conversation.session.game.turns).toHaveLength(1);
  });

  it('is made at once if the server refuses, by every command that makes moves', async () => {
    const script = 'time_settings 60 0 0\ngenmove b\nkata-genmove_analyze w 50\nkata-search b\n';
    const { replies, conversation } = await talk(script, failing(new AppError('unavailable', 'shutting down')));
    expect(replies[1]).toMatch(/^= [A-E]\d$/);
    expect(replies[2]).toMatch(/^=\nplay [A-E]\d$/);
    expect(replies[3]).toMatch(/^= [A-E]\d$/);
    expect(conversation.troubles).toHaveLength(3);
    expect(conversation.session.game.turns).toHaveLength(2);
  });

  it('is refused where no clock runs, as waiting loses nothing', async () => {
    const { replies } = await talk('genmove b\n', failing(new AppError('unavailable', 'shutting down')));
    expect(replies).toEqual(['? cannot reach the server: shutting down']);
  });

  it('is refused where the network would refuse it again', async () => {
    const refusing = failing(new AppError('unauthenticated', 'The token sent is not the one of this server'));
    const { replies } = await talk('time_settings 60 0 0\ngenmove b\n', refusing);
    expect(replies[1]).toMatch(/^\? the server refused the token/);
  });

  it('also comes in time where only the time of a move is limited', async () => {
    const { replies } = await talk('genmove b\n', stalled, { moveTime: 0.01 });
    expect(replies[0]).toMatch(/^= [A-E]\d$/);
  });
});
