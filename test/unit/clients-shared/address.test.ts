import { expect, it } from 'vitest';
import { checkAddress } from '../../../clients/shared/address.js';

it.each([
  ...['127.0.0.1:5050', 'localhost:1', '[::1]:65535', 'go.example.org:443', 'go_server-2:5050', 'host.:80'],
  'unix:/run/tengen.sock',
])('takes %s', (address) => expect(() => checkAddress(address)).not.toThrow());

it.each([
  ['foo', /'foo', which has no port/],
  ['', /which has no port/],
  ['localhost:', /which has no port/],
  ['localhost:99999', /whose port is not from 1 to 65535/],
  ['localhost:0', /whose port is not/],
  ['localhost:50a', /whose port is not/],
  ['http://localhost:5050', /which is a URL/],
  ['::1:5050', /more than one colon/],
  ['[::1]', /no port/],
  ['[localhost]:5050', /no address of version 6/],
  [':5050', /whose host is no name and no address/],
  ['256.0.0.1:5050', /whose host is no name/],
  ['a b:5050', /whose host is no name/],
  ['-a:5050', /whose host is no name/],
])('refuses %s', (address, why) => expect(() => checkAddress(address)).toThrow(why));
