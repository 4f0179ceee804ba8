/**
 * Who may call: the page listens where browsers go, and a browser carries requests for every site that a person visits.
 * A foreign site must neither call directly (the headers that browsers add say where a request comes from) nor under a
 * name of its own that it points at this machine (DNS rebinding: then the Host header has that name).
 */

import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import { AppError, check } from '../../core/errors.js';
import { quoted } from '../../core/quoted.js';

/**
 * Refuses names that are not this machine's. A foreign site needs a name to rebind, so numbers are harmless; and it does
 * not know the token, so with one any name may be used.
 *
 * @throws AppError 'permission-denied', or 'invalid-argument' without a Host
 */
export function checkHost({ host }: IncomingHttpHeaders, hasToken: boolean): void {
  check(host !== undefined, 'The request has no Host header');
  const name = host.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
  if (hasToken || name === 'localhost' || isIP(name) !== 0) return;
  throw new AppError(
    'permission-denied',
    `The page was asked for as ${quoted(name)}; without a token it answers to localhost and to addresses only`,
  );
}

/** Refuses what another site's pages send. @throws AppError 'permission-denied' */
export function checkSite(headers: IncomingHttpHeaders): void {
  const { origin, host } = headers;
  const site = [headers['sec-fetch-site']].flat()[0] ?? 'same-origin';
  const isOwn = origin === undefined || /^https?:\/\/(.*)$/.exec(origin)?.[1] === host;
  if (isOwn && (site === 'same-origin' || site === 'none')) return;
  throw new AppError('permission-denied', `The call comes from another site, ${origin ?? site}`);
}
