/** Game records. */
import type { Handler } from '../engine.js';
import type { Session } from '../session.js';

/** none yet */
export function recordCommands(session: Session): readonly (readonly [string, Handler])[] {
  void session;
  return [];
}
