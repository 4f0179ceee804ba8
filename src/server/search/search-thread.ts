/** The code of a search thread: the games of many streams, whose searches take turns while they wait for the network. */

import { assert } from '../../core/errors.js';
import { serve } from '../../threads/serve.js';
import { Questions } from './questions.js';
import { StreamGame } from './stream-game.js';
import type { SearchCalls, SearchEvent } from './thread-messages.js';

await serve<undefined, SearchCalls, SearchEvent>((_start, tell) => {
  const questions = new Questions(tell);
  const games = new Map<number, StreamGame>();
  return {
    calls: {
      open(game) {
        games.set(game, new StreamGame({ game, questions, report: (report) => tell({ game, report }) }));
      },
      async carryOut(number, request, grant) {
        const game = games.get(number);
        assert(game !== undefined, `game ${number} is open`);
        return game.carryOut(request, grant);
      },
      stop: (game) => games.get(game)?.stop(),
      forget: (game) => games.get(game)?.forget(),
      close(game) {
        games.get(game)?.stop();
        games.delete(game);
      },
      answer: (answers) => questions.take(answers),
    },
    stop: () => {
      for (const game of games.values()) game.stop();
    },
    release: () => Promise.resolve(),
  };
});
