/** Who calls: clients are told apart by the tokens they send, and where there are none by their addresses. */

import { createHash, timingSafeEqual } from 'node:crypto';
import { AppError, check } from '../core/errors.js';

/** What is needed of a call to know its caller. */
export interface CallFacts {
  /** The value of `authorization`. */
  readonly header: string | undefined;
  /** host:port, or host. */
  readonly peer: string;
}

/** Knows the tokens that are let in. */
export class Callers {
  readonly #tokens: readonly { readonly name: string; readonly digest: Buffer }[];

  /**
   * @param token for anyone; empty for none
   * @param named more tokens, `NAME=TOKEN` with commas between; callers with one of them are known by its name
   * @throws AppError 'invalid-argument' for what is no such list
   */
  constructor(token: string, named = '') {
    this.#tokens = [
      ...(token === '' ? [] : [{ name: '', digest: digestOf(token) }]),
      ...readPairs('tokens', named).map(([name, text]) => ({ name, digest: digestOf(text) })),
    ];
  }

  /** Whether a token is asked for at all. */
  get needToken(): boolean {
    return this.#tokens.length > 0;
  }

  /** Lets in callers with one of the tokens; all, if there are none. @throws AppError 'unauthenticated' */
  check(header: string | undefined): void {
    if (this.#tokens.length === 0 || this.#find(header)) return;
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

  #find(header: string | undefined): { readonly name: string } | undefined {
    const given = digestOf(/^Bearer (.+)$/i.exec(header ?? '')?.[1] ?? '');
    // Digests have equal lengths, and all are looked at: the comparison takes the same time whatever was sent.
    return this.#tokens.filter(({ digest }) => timingSafeEqual(digest, given))[0];
  }
}

/** `NAME=VALUE, …` of a setting. @throws AppError 'invalid-argument' naming what is no such pair */
export function readPairs(setting: string, text: string): readonly (readonly [name: string, value: string])[] {
  const pairs = text.split(',').map((part) => part.trim());
  const read = pairs.filter(Boolean).map((pair) => {
    const [, name, value] = /^([\w.:*[\]-]+)=(\S+)$/.exec(pair) ?? [];
    check(
      name !== undefined && value !== undefined,
      // The pair itself may be a secret.
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
