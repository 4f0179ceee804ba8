/** How much of the evaluator one client may have: positions in flight, and positions a second. */

import type { CallContext } from 'nice-grpc';
import { AppError, check } from '../../core/errors.js';
import { LruMap } from '../../core/lru-map.js';
import { readPairs, type Callers, type CallFacts } from './callers.js';

/** What one client may have. */
export interface Quota {
  /** Infinity for no limit. */
  readonly inFlight: number;
  readonly perSecond: number;
}

export interface ClientFigures {
  readonly client: string;
  /** Positions in flight now. */
  readonly inFlight: number;
  /** Positions let in, and positions refused, so far. */
  readonly positions: number;
  readonly refused: number;
}

interface Account extends Quota {
  readonly client: string;
  held: number;
  positions: number;
  refused: number;
  /** Positions that may come now; below zero while what came at once is worked off. */
  allowance: number;
  countedAtMs: number;
}

export function callFacts({ metadata, peer }: CallContext): CallFacts {
  return { header: metadata.get('authorization'), peer };
}

/** Clients that are kept track of; of more the longest idle are forgotten. */
const maxClients = 1000;

/**
 * The quotas of a setting, by the names of clients: a NAME is that of a token, an address, or `*` for each of the others.
 *
 * @param text `NAME=IN_FLIGHT/PER_SECOND` with commas between; a number that is 0 is no limit
 * @throws AppError 'invalid-argument' for what is no such list
 */
export function readQuotas(text: string): ReadonlyMap<string, Quota> {
  return new Map(readPairs('quotas', text).map(([name, value]) => [name, readQuota(name, value)]));
}

/** Lets requests in, client by client. */
export class Quotas {
  readonly #callers: Callers;
  readonly #quotas: ReadonlyMap<string, Quota>;
  readonly #now: () => number;
  readonly #names = new WeakMap<CallFacts, string>();
  readonly #accounts = new LruMap<string, Account>();

  /**
   * @param quotas as `readQuotas` reads them
   * @param now milliseconds
   */
  constructor(callers: Callers, quotas: ReadonlyMap<string, Quota>, now: () => number = () => performance.now()) {
    this.#callers = callers;
    this.#quotas = quotas;
    this.#now = now;
  }

  /**
   * Lets `positions` in, or refuses all of them.
   *
   * @returns to be called once when they are done
   * @throws AppError 'resource-exhausted' naming the client and its quota; 'invalid-argument' for more at once than the
   *   client may ever have in flight
   */
  admit(call: CallFacts, positions: number): () => void {
    const account = this.#account(this.#nameOf(call));
    const { client, inFlight, perSecond } = account;
    check(
      positions <= inFlight,
      () => `The request has ${positions} positions; client '${client}' may have ${inFlight} in flight`,
    );
    const seen = `client '${client}' has ${account.held} positions in flight`;
    if (account.held + positions > inFlight) {
      throw refused(account, positions, `${seen}, ${positions} more do not fit in its quota of ${inFlight}`);
    }
    this.#earn(account);
    // A request is let in while there is any allowance, and is paid for afterwards: one of any size gets through.
    if (account.allowance <= 0) {
      throw refused(account, positions, `client '${client}' has used up its quota of ${perSecond} positions a second`);
    }
    account.allowance -= positions;
    account.held += positions;
    account.positions += positions;
    let done = false;
    return () => {
      if (!done) account.held -= positions;
      done = true;
    };
  }

  /** The clients that are kept track of. */
  figures(): readonly ClientFigures[] {
    return this.#accounts.values().map(({ client, held, positions, refused: turnedAway }) => {
      return { client, inFlight: held, positions, refused: turnedAway };
    });
  }

  /** The name behind a call, which a stream asks for with every request: found once, since it takes a digest. */
  #nameOf(call: CallFacts): string {
    const known = this.#names.get(call);
    if (known !== undefined) return known;
    const name = this.#callers.nameOf(call);
    this.#names.set(call, name);
    return name;
  }

  #account(client: string): Account {
    const known = this.#accounts.get(client);
    if (known) return known;
    const account = this.#open(client);
    this.#accounts.set(client, account);
    if (this.#accounts.size > maxClients) this.#accounts.takeOldest(({ held }) => held === 0);
    return account;
  }

  #open(client: string): Account {
    const quota = this.#quotas.get(client) ?? this.#quotas.get('*') ?? { inFlight: Infinity, perSecond: Infinity };
    const start = { allowance: quota.perSecond, countedAtMs: this.#now() };
    return { ...quota, ...start, client, held: 0, positions: 0, refused: 0 };
  }

  /** What came in by the time since the last request; a second's worth at most is saved up. */
  #earn(account: Account): void {
    const now = this.#now();
    const earned = account.perSecond === Infinity ? Infinity : (account.perSecond * (now - account.countedAtMs)) / 1000;
    account.allowance = Math.min(account.perSecond, account.allowance + earned);
    account.countedAtMs = now;
  }
}

function refused(account: Account, positions: number, why: string): AppError {
  account.refused += positions;
  return new AppError('resource-exhausted', `${why.charAt(0).toUpperCase()}${why.slice(1)}; try again later`);
}

function readQuota(name: string, text: string): Quota {
  const [, inFlight, perSecond] = /^(\d+)\/(\d+)$/.exec(text) ?? [];
  check(
    inFlight !== undefined && perSecond !== undefined,
    () => `Setting 'quotas' has '${text}' for '${name}'; it must be IN_FLIGHT/PER_SECOND, such as 4096/2000`,
  );
  return { inFlight: Number(inFlight) || Infinity, perSecond: Number(perSecond) || Infinity };
}

/** The figures in the text format of Prometheus. */
export function formatQuotas(figures: readonly ClientFigures[]): string {
  const series = [
    ['tengen_client_positions_total', 'counter', ({ positions }: ClientFigures) => positions],
    ['tengen_client_refused_total', 'counter', ({ refused: turnedAway }: ClientFigures) => turnedAway],
    ['tengen_client_in_flight', 'gauge', ({ inFlight }: ClientFigures) => inFlight],
  ] as const;
  return series
    .map(([name, type, value]) => {
      const lines = figures.map((client) => `${name}{client="${escaped(client.client)}"} ${String(value(client))}\n`);
      return `# TYPE ${name} ${type}\n${lines.join('')}`;
    })
    .join('');
}

/** The value of a label, as Prometheus reads it. */
function escaped(label: string): string {
  return label.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
