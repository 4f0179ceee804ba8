/** Moments of writing at which a process can be made to die. */

/** Of the server: a file from its opening to its removal, and a transaction. */
export const serverPoints = [
  'opened',
  'half-written',
  'written',
  'synced',
  'renamed',
  'folder-synced',
  'removed',
  'in-transaction',
  'before-commit',
  'committed',
] as const;

/** A moment; `stored` is that of a worker which has an acknowledgement and has not written it down. */
export type KillPoint = (typeof serverPoints)[number] | 'stored';
