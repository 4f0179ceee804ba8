/** Who calls: clients are told apart by the tokens they send, and where there are none by their addresses. */

import { createHash, timingSafeEqual } from 'node:crypto';
import { AppError, check } from '../../core/errors.js';
import type { Caller } from './call-levels.js';
import { readTokens } from './token-list.js';

/** What is needed of a call to know its caller. */
export interface CallFacts {
  /** The value of `authorization`. */
  readonly header: string | undefined;
  /** host:port, or host. */
  readonly peer: string;
}

/** Who calls where no token is asked for: the server is then reached from its own machine only. */
const anyone: Caller = { name: '', level: 'admin' };

/** Knows the tokens that are let in. */
export class Callers {
  /** Characters of the shortest token; infinity if there is none. */
  readonly shortest: number;
  readonly #tokens: readonly { readonly caller: Caller; readonly digest: Buffer }[];

  /**
   * @param token of level admin, for anyone; empty for none
   * @param named more tokens, `NAME:LEVEL=TOKEN` with commas or line ends between; callers with one of them are known by
   *   its name
   * @param file still more, as a file has them
   * @throws AppError 'invalid-argument' for what is no such list
   */
  constructor(token: string, named = '', file = '') {
    const lists = [...readTokens('tokens', named), ...readTokens('tokensFile', file)];
    const twice = lists.find(({ name }, i) => lists.findIndex((other) => other.name === name) < i);
    check(!twice, () => `The settings 'tokens' and 'tokensFile' name '${twice?.name ?? ''}' twice`);
    const tokens = [...(token === '' ? [] : [{ ...anyone, token }]), ...lists];
    this.shortest = Math.min(...tokens.map((each) => each.token.length));
    check(
      new Set(tokens.map((each) => each.token)).size === tokens.length,
      'The settings have one token twice; every name needs a token of its own',
    );
    this.#tokens = tokens.map(({ name, level, token: text }) => ({ caller: { name, level }, digest: digestOf(text) }));
  }

  /** Whether a token is asked for at all. */
  get needToken(): boolean {
    return this.#tokens.length > 0;
  }

  /** The names of the tokens that have one. */
  get names(): readonly string[] {
    return this.#tokens.map(({ caller }) => caller.name).filter(Boolean);
  }

  /** Who sends one of the tokens; if there are none, whoever calls is an admin. @throws AppError 'unauthenticated' */
  check(header: string | undefined): Caller {
    const caller = this.#tokens.length === 0 ? anyone : this.#find(header);
    if (caller) return caller;
    if (header === undefined) {
      throw new AppError('unauthenticated', "A token is needed; send it as metadata 'authorization: Bearer TOKEN'");
    }
    throw new AppError('unauthenticated', 'The token sent is not the one of this server');
  }

  /** The name of a caller's token, or the address that it calls from. */
  nameOf({ header, peer }: CallFacts): string {
    const name = this.#find(header)?.name ?? '';
    // An address of version 6 has colons of its own, and brackets where a port follows.
    return name === '' ? peer.replace(/^(\[.*\]|[^:]*):\d+$/, '$1') : name;
  }

  #find(header: string | undefined): Caller | undefined {
    const given = digestOf(/^Bearer (.+)$/i.exec(header ?? '')?.[1] ?? '');
    // Digests have equal lengths, and all are looked at: the comparison takes the same time whatever was sent.
    return this.#tokens.filter(({ digest }) => timingSafeEqual(digest, given))[0]?.caller;
  }
}

/** `NAME=VALUE, …` of a setting. @throws AppError 'invalid-argument' naming what is no such pair */
export function readPairs(setting: string, text: string): readonly (readonly [name: string, value: string])[] {
  const pairs = text.split(',').map((part) => part.trim());
  const read = pairs.filter(Boolean).map((pair) => {
    const [, name, value] = /^([\w.:*[\]-]+)=(\S+)$/.exec(pair) ?? [];
    check(
      name !== undefined && value !== undefined,
      `Setting '${setting}' must be NAME=VALUE with commas between, names of letters, digits and -._:`,
    );
    return [name, value] as const;
  });
  const twice = read.find(([name], i) => read.findIndex(([other]) => other === name) < i);
  check(!twice, () => `Setting '${setting}' names '${twice?.[0] ?? ''}' twice`);
  return read;
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
