/** All commands of the bridge, in the order in which `list_commands` shows them. */

import { administrationCommands } from './commands/administration.js';
import { boardCommands } from './commands/board.js';
import { kataCommands } from './commands/kata.js';
import { recordCommands } from './commands/record.js';
import { searchCommands } from './commands/search.js';
import { tournamentCommands } from './commands/tournament.js';
import type { CommandTable, Handler } from './engine.js';
import type { Session } from './session.js';

/**
 * @param ready awaited by every command that needs to know the network; throws while nothing is known of it
 */
export function commandTable(session: Session, ready: () => Promise<unknown>): CommandTable {
  const table: Map<string, Handler> = new Map<string, Handler>(administrationCommands(session, () => table));
  const others = [boardCommands, searchCommands, tournamentCommands, recordCommands, kataCommands];
  for (const [name, handler] of others.flatMap((commands) => commands(session))) {
    table.set(name, async (invocation) => {
      await ready();
      return handler(invocation);
    });
  }
  return table;
}
