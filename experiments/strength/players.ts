/** The players of the matches: the bridge's session in this process, and GNU Go. */

import { bridgeSchema, type BridgeConfig } from '../../clients/gtp-bridge/config.js';
import { generate } from '../../clients/gtp-bridge/generate.js';
import { Session } from '../../clients/gtp-bridge/session.js';
import type { EvaluatorFor } from '../../src/player/thinker.js';
import { GtpPlayer } from '../../clients/cli/match/gtp-player.js';
import type { Player, PlayerGame } from '../../clients/cli/match/player.js';
import { readConfig } from '../../src/core/config.js';
import { AppError } from '../../src/core/errors.js';
import type { Rules } from '../../src/go/rules.js';
import { gnugoCommand } from '../shared/gnugo.js';

/** Plays as `tengen gtp` does with these settings: its search, its choice of moves, its passes and resignations. */
export class BridgePlayer implements Player {
  readonly name: string;
  readonly #evaluatorFor: EvaluatorFor;
  readonly #config: BridgeConfig;

  constructor(name: string, evaluatorFor: EvaluatorFor, settings: Readonly<Record<string, unknown>>) {
    this.name = name;
    this.#evaluatorFor = evaluatorFor;
    this.#config = readConfig(bridgeSchema, settings);
  }

  newGame(size: number, rules: Rules, _seed: number, signal: AbortSignal): Promise<PlayerGame> {
    const session = new Session({
      version: '1.2.3',
      config: this.#config,
      evaluatorFor: this.#evaluatorFor,
      onTrouble: (error) => {
        throw error;
      },
    });
    session.setSizes([size]);
    session.setRules(rules);
    return Promise.resolve({
      play: (color, action) => {
        session.play(color, action);
        return Promise.resolve();
      },
      generateMove: async (color) => {
        // Without an analysis to report there is nothing before the move.
        const step = await generate(session, { color, play: true, stop: signal }).next();
        return step.done === true ? step.value : unexpected(step.value);
      },
      end: () => Promise.resolve(),
    });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** GNU Go at a level. @throws AppError 'failed-precondition' where it is not installed */
export function gnugoPlayer(level: number): Player {
  const command = gnugoCommand(level);
  if (command === undefined) throw new AppError('failed-precondition', 'GNU Go is not installed (apt install gnugo)');
  return new GtpPlayer(command, `gnugo ${level}`);
}

function unexpected(line: string): never {
  throw new AppError('internal', `A search that was not asked for reports gave one: ${line}`);
}
