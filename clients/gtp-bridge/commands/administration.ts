/** Commands about the engine itself ("GTP protocol version 2, draft 2", section 6.3.1). */

import { word } from '../arguments.js';
import type { CommandTable, Handler } from '../engine.js';
import type { Session } from '../session.js';

/** @param table the whole table, of which these commands are a part; read when they are called */
export function administrationCommands(
  session: Session,
  table: () => CommandTable,
): readonly (readonly [string, Handler])[] {
  return [
    ['protocol_version', () => '2'],
    ['name', () => session.config.engineName],
    ['version', () => session.version],
    ['known_command', ({ args }) => String(table().has(word(args, 0)))],
    ['list_commands', () => [...table().keys()].join('\n')],
    ['quit', () => ''],
    // Any new line has ended an analysis by the time this is read.
    ['stop', () => ''],
  ];
}
