/**
 * Whose the names of models and data sets are. A token of level train writes (uploads, jobs, promotions by jobs) only
 * under names that it was the first to use or that an admin granted it, so nothing that others use changes under them.
 */

import type { CallContext } from 'nice-grpc';
import { AppError } from '../../core/errors.js';
import type { NameKind, NameRow, NameStore } from '../../store/store.js';
import type { Caller } from './call-levels.js';
import type { Callers } from './callers.js';

const words = {
  model: { noun: 'model', command: 'models' },
  dataset: { noun: 'data set', command: 'datasets' },
} as const;

/** The caller as an owner of names: '' stands for all admins. */
export function ownerName({ name, level }: Caller): string {
  return level === 'admin' ? '' : name;
}

/** Lets owners write under names of their own. */
export class OwnedNames {
  readonly #store: NameStore;

  constructor(store: NameStore) {
    this.#store = store;
  }

  /**
   * Makes `owner` the owner of a name that is nobody's.
   *
   * @param owner '' for an admin, who may write under every name
   * @throws AppError 'permission-denied' unless `owner` may write under it
   */
  async claim(kind: NameKind, name: string, owner: string): Promise<void> {
    checkMayWrite(await this.#store.claim(kind, name, owner), owner);
  }

  /** Claims nothing. @throws AppError 'permission-denied' as `claim` would */
  async check(kind: NameKind, name: string, owner: string): Promise<void> {
    const row = await this.#store.get(kind, name);
    if (row) checkMayWrite(row, owner);
  }
}

/** Lets callers write under names of their own. */
export class Names extends OwnedNames {
  readonly #callers: Callers;

  /** @param callers to know them by their tokens */
  constructor(store: NameStore, callers: Callers) {
    super(store);
    this.#callers = callers;
  }

  /** Whoever makes a call, as an owner of names. */
  ownerOf({ metadata }: Pick<CallContext, 'metadata'>): string {
    return ownerName(this.#callers.check(metadata.get('authorization')));
  }

  /** `claim` for whoever makes a call. */
  claimFor(context: CallContext, kind: NameKind, name: string): Promise<void> {
    return this.claim(kind, name, this.ownerOf(context));
  }

  /**
   * Claims nothing, so that whoever makes a call hears before a long upload that the name is another's.
   *
   * @throws AppError 'permission-denied' as `claim` would
   */
  checkFor(context: CallContext, kind: NameKind, name: string): Promise<void> {
    return this.check(kind, name, this.ownerOf(context));
  }
}

function checkMayWrite({ kind, name, owner, granted }: NameRow, caller: string): void {
  if (caller === '' || owner === caller || granted.includes(caller)) return;
  const { noun, command } = words[kind];
  throw new AppError(
    'permission-denied',
    `The ${noun} '${name}' belongs to ${owner === '' ? 'the admins' : `the token '${owner}'`}; the token ` +
      `'${caller}' of level train may write only under names that it was the first to use or that an admin granted ` +
      `it (tengen ${command} grant ${name} ${caller})`,
  );
}
