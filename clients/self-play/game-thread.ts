/** The code of a game thread: plays games, and asks for their evaluations through the thread's owner. */

import { setMaxListeners } from 'node:events';
import { startTrace, trace } from '../../src/core/trace.js';
import { serve } from '../../src/threads/serve.js';
import { playersHere } from './game-players.js';
import type { GameCalls, GameEvent, GameStart } from './game-messages.js';
import { OwnersLine } from './owners-line.js';

/** Milliseconds after which the owner hears again of what was seen. */
const SEEN_MS = 25;

// One signal stops every message under way, each with a listener of its own.
setMaxListeners(0);

await serve<GameStart, GameCalls, GameEvent>(({ precision, traced }, tell) => {
  if (traced !== '') startTrace(traced);
  const line = new OwnersLine(tell);
  const players = playersHere(line, { precision, log: (event, fields) => tell({ log: event, fields }) });
  const stopping = new AbortController();
  /** Gives a game up. */
  const drops = new Map<number, () => void>();
  const seeing = setInterval(() => tell({ seen: players.seen() }), SEEN_MS);
  const running = players.run(stopping.signal);
  // Its owner looks at it by `run`.
  running.catch(() => undefined);
  return {
    calls: {
      run: () => running,
      async play(number, game) {
        const dropped = new AbortController();
        try {
          return await new Promise((resolve, reject) => {
            drops.set(number, () => {
              dropped.abort();
              resolve(undefined);
            });
            players.start(game, dropped.signal, resolve, reject);
          });
        } finally {
          drops.delete(number);
        }
      },
      drop: (number) => drops.get(number)?.(),
      answer: (call, bytes) => line.answer(call, bytes),
      ended: (call, why) => line.ended(call, why),
    },
    stop: () => stopping.abort(),
    async release() {
      clearInterval(seeing);
      await running.catch(() => undefined);
      tell({ seen: players.seen() });
      if (trace) tell({ trace: trace.read() });
    },
  };
});
