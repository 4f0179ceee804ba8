import { describe, expect, it } from 'vitest';
import { readConfig } from '../../../src/core/config.js';
import { BLACK } from '../../../src/go/color.js';
import { defaultRules } from '../../../src/go/rules.js';
import { playerSchema } from '../../../src/player/config.js';
import { GameState } from '../../../src/player/game-state.js';
import { chooseMove } from '../../../src/player/move-choice.js';
import type { Opinion } from '../../../src/player/opinion.js';
import type { MoveRestriction } from '../../../src/player/search-position.js';
import { Thinker, type ThinkOptions } from '../../../src/player/thinker.js';
import { HeuristicEvaluator } from '../../support/heuristic-evaluator.js';

const config = readConfig(playerSchema, { batch: 4 });
const start = (): { game: GameState; evaluator: HeuristicEvaluator; thinker: Thinker } => {
  const evaluator = new HeuristicEvaluator();
  const thinker = new Thinker(
    () => evaluator,
    () => config,
    (error) => {
      throw error;
    },
  );
  return { game: new GameState(5, defaultRules(5)), evaluator, thinker };
};

async function think(thinker: Thinker, game: GameState, options: ThinkOptions): Promise<Opinion> {
  const search = thinker.think(game, game.positionFor(game.position.toMove), options);
  let step = await search.next();
  while (!step.done) step = await search.next();
  return step.value;
}

describe('a thinker', () => {
  it('plays a whole game from its opinions alone', async () => {
    const { game, thinker } = start();
    for (let move = 0; move < 200 && !game.position.isOver; move++) {
      const opinion = await think(thinker, game, { visits: 16 });
      const position = game.positionFor(game.position.toMove);
      const choice = chooseMove(opinion, { position, config, hopelessTurns: 0, mayPass: true });
      game.play(position.toMove, Number(choice));
    }
    expect(game.position.isOver).toBe(true);
  });

  it('asks for nothing again while the game goes on, and for everything in another game', async () => {
    const { game, evaluator, thinker } = start();
    const { candidates } = await think(thinker, game, { visits: 64 });
    const [best] = candidates;
    game.play(BLACK, best!.action);
    const asked = evaluator.asked;
    const { visits } = await think(thinker, game, { visits: 2 });
    expect([visits, evaluator.asked]).toEqual([best!.visits, asked]);
    game.undo();
    await think(thinker, game, { visits: 4 });
    expect(evaluator.asked).toBeGreaterThan(asked);
  });

  it('plays no move that is ruled out, and forgets the ban with the search', async () => {
    const { game, thinker } = start();
    const [best] = (await think(thinker, game, { visits: 16 })).candidates;
    const allowed = new Uint8Array(26).fill(1);
    allowed[best!.action] = 0;
    const restriction: MoveRestriction = { player: BLACK, allowed, depth: 1 };
    const without = await think(thinker, game, { visits: 16, restrictions: [restriction] });
    expect(without.candidates.map(({ action }) => action)).not.toContain(best!.action);
    expect((await think(thinker, game, { visits: 16 })).candidates[0]!.action).toBe(best!.action);
  });

  it('that is stopped before the first evaluation has no candidates', async () => {
    const { game, thinker } = start();
    expect((await think(thinker, game, { visits: 16, stop: AbortSignal.abort() })).candidates).toEqual([]);
  });
});
