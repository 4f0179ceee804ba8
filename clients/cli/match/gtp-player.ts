/** A GTP program as a player: one process for every game played at once, reused from game to game. */

import { check } from '../../../src/core/errors.js';
import { BLACK, type Color } from '../../../src/go/color.js';
import type { Rules } from '../../../src/go/rules.js';
import { formatVertex, parseVertex } from '../../../src/go/vertex.js';
import { GtpClient } from '../../shared/gtp-client.js';
import type { Player, PlayerGame } from './player.js';

/** Splits a command line at spaces; double or single quotes keep a part together. */
export function splitCommand(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map((match) => match[1] ?? match[2] ?? match[3] ?? '');
}

const colorName = (color: Color): string => (color === BLACK ? 'black' : 'white');

/** Starts `commandLine` as often as games run at once. */
export class GtpPlayer implements Player {
  readonly name: string;
  readonly #command: string;
  readonly #args: readonly string[];
  readonly #idle: GtpClient[] = [];
  readonly #all = new Set<GtpClient>();

  constructor(commandLine: string, name?: string) {
    const [command, ...args] = splitCommand(commandLine);
    check(command !== undefined, 'A GTP player needs a command, such as gtp:gnugo --mode gtp');
    this.#command = command;
    this.#args = args;
    this.name = name ?? commandLine;
  }

  async newGame(size: number, rules: Rules, _seed: number, signal: AbortSignal): Promise<PlayerGame> {
    const client = this.#idle.pop() ?? new GtpClient({ command: this.#command, args: this.#args });
    this.#all.add(client);
    await client.send(`boardsize ${size}`, { signal });
    await client.send('clear_board', { signal });
    await client.send(`komi ${rules.komi}`, { signal });
    return {
      async play(color, action) {
        await client.send(`play ${colorName(color)} ${formatVertex(action, size)}`, { signal });
      },
      async generateMove(color) {
        const reply = (await client.send(`genmove ${colorName(color)}`, { signal })).trim();
        if (reply.toLowerCase() === 'resign') return 'resign';
        return parseVertex(reply, size);
      },
      end: () => {
        this.#idle.push(client);
        return Promise.resolve();
      },
    };
  }

  async close(): Promise<void> {
    await Promise.all([...this.#all].map((client) => client.close()));
  }
}
