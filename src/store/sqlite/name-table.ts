/** Owners of names in SQLite. */

import type { NameKind, NameRow } from '../store.js';
import type { Database } from './database.js';

/** The operations on names; each runs inside a transaction of its caller. */
export function nameOperations(db: Database) {
  // What was stored before names had owners, or by the server itself, is the admins'.
  const isUsed = {
    model: db.prepare('SELECT 1 FROM models WHERE name = ?1 UNION ALL SELECT 1 FROM jobs WHERE model = ?1 LIMIT 1'),
    dataset: db.prepare('SELECT 1 FROM datasets WHERE name = ?1 LIMIT 1'),
  };
  // What keeps a name from an admin who writes under it: a job that ended before it wrote anything does not.
  const isHeld = {
    model: db.prepare(
      "SELECT 1 FROM models WHERE name = ?1 UNION ALL SELECT 1 FROM jobs WHERE model = ?1 AND state = 'running' LIMIT 1",
    ),
    dataset: isUsed.dataset,
  };
  const disown = [
    db.prepare('DELETE FROM name_owners WHERE kind = ? AND name = ?'),
    db.prepare('DELETE FROM name_grants WHERE kind = ? AND name = ?'),
  ];
  const own = db.prepare('INSERT INTO name_owners (kind, name, owner) VALUES (?, ?, ?) ON CONFLICT DO NOTHING');
  const owner = db.prepare<{ owner: string }>('SELECT owner FROM name_owners WHERE kind = ? AND name = ?');
  const grant = db.prepare('INSERT INTO name_grants (kind, name, caller) VALUES (?, ?, ?) ON CONFLICT DO NOTHING');
  const revoke = db.prepare('DELETE FROM name_grants WHERE kind = ? AND name = ? AND caller = ?');
  const granted = db.prepare<{ caller: string }>(
    'SELECT caller FROM name_grants WHERE kind = ? AND name = ? ORDER BY caller',
  );
  const rowOf = (kind: NameKind, name: string, of: string): NameRow => {
    return { kind, name, owner: of, granted: granted.all(kind, name).map((row) => row.caller) };
  };
  const owned = (kind: NameKind, name: string, caller: string): NameRow => {
    own.run(kind, name, isUsed[kind].get(name) ? '' : caller);
    return rowOf(kind, name, owner.get(kind, name)!.owner);
  };
  return {
    claimName(kind: NameKind, name: string, caller: string): NameRow {
      const isTaken = caller === '' && !isHeld[kind].get(name);
      if (isTaken) for (const statement of disown) statement.run(kind, name);
      return owned(kind, name, caller);
    },
    getName(kind: NameKind, name: string): NameRow | undefined {
      const of = owner.get(kind, name)?.owner ?? (isUsed[kind].get(name) ? '' : undefined);
      return of === undefined ? undefined : rowOf(kind, name, of);
    },
    grantName(kind: NameKind, name: string, caller: string): NameRow {
      grant.run(kind, name, caller);
      return owned(kind, name, '');
    },
    /** @returns undefined if there is no such grant */
    revokeName(kind: NameKind, name: string, caller: string): NameRow | undefined {
      return revoke.run(kind, name, caller).changes === 0 ? undefined : owned(kind, name, '');
    },
  };
}
