/** Where a server can be, so that an address that can never work is refused and not waited for. */

import { isIP } from 'node:net';
import { check } from '../../src/core/errors.js';
import { quoted } from '../../src/core/quoted.js';

/** A name of DNS: parts of letters, digits, - and _, the last one not a number, as in an address of version 4. */
const hostName =
  /^(?=.{1,253}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)*(?!\d+\.?$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.?$/i;

/**
 * HOST:PORT with a name, an address of version 4 or one of version 6 in brackets; or `unix:PATH`.
 *
 * @throws AppError 'invalid-argument' with the address, and what is wrong with it
 */
export function checkAddress(address: string): void {
  if (/^unix:./.test(address)) return;
  const wanted = 'it must be HOST:PORT, such as 127.0.0.1:5050, [::1]:5050 or go.example.org:5050, or unix:PATH';
  const refuse = (isFine: boolean, why: string): void =>
    check(isFine, `The address is ${quoted(address)}${why}; ${wanted}`);
  refuse(!address.includes('://'), ', which is a URL');
  const [, version6, plain, port = ''] = /^(?:\[(.*)\]|([^:[\]]*))(?::([^:]*))?$/.exec(address) ?? [];
  refuse(version6 !== undefined || plain !== undefined, ', which has more than one colon');
  refuse(port !== '', ', which has no port');
  refuse(/^\d{1,5}$/.test(port) && Number(port) >= 1 && Number(port) <= 65_535, ', whose port is not from 1 to 65535');
  if (version6 !== undefined) refuse(isIP(version6) === 6, ', whose host is no address of version 6');
  else refuse(isIP(plain!) === 4 || hostName.test(plain!), ', whose host is no name and no address');
}
