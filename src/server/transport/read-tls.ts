/** The files of the server's TLS: what is none of them is refused at start, where otherwise nobody would get in, unsaid. */

import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { AppError, check } from '../../core/errors.js';
import { quoted } from '../../core/quoted.js';

/** PEM, as it is in the files. */
export interface TlsFiles {
  readonly cert: Buffer;
  readonly key: Buffer;
  /** Authorities whose certificates clients must show. */
  readonly clientCa?: Buffer;
}

type Setting = 'tlsCert' | 'tlsKey' | 'tlsClientCa';

/** Paths of files, PEM; '' for none. */
export type TlsSettings = Readonly<Record<Setting, string>>;

/** @returns undefined without TLS @throws AppError 'invalid-argument' naming the setting and what is wrong with its file */
export function readTls(config: TlsSettings): TlsFiles | undefined {
  const { tlsCert, tlsKey, tlsClientCa } = config;
  if (tlsCert === '') return undefined;
  const cert = read('tlsCert', tlsCert);
  const key = read('tlsKey', tlsKey);
  const [own] = certificatesOf('tlsCert', tlsCert, cert);
  check(own!.checkPrivateKey(keyOf(tlsKey, key)), () => wrong('tlsKey', tlsKey, 'is not the key of tlsCert'));
  if (tlsClientCa === '') return { cert, key };
  const clientCa = read('tlsClientCa', tlsClientCa);
  certificatesOf('tlsClientCa', tlsClientCa, clientCa);
  return { cert, key, clientCa };
}

function read(setting: Setting, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new AppError('invalid-argument', wrong(setting, path, 'cannot be read'), { cause });
  }
}

function certificatesOf(setting: Setting, path: string, bytes: Buffer): X509Certificate[] {
  const blocks = bytes.toString('latin1').match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  check(blocks.length > 0, () => wrong(setting, path, 'holds no certificate in PEM'));
  return blocks.map((block) => {
    try {
      return new X509Certificate(block);
    } catch (cause) {
      throw new AppError('invalid-argument', wrong(setting, path, 'holds a damaged certificate'), { cause });
    }
  });
}

function keyOf(path: string, bytes: Buffer): KeyObject {
  try {
    return createPrivateKey(bytes);
  } catch (cause) {
    const what = 'holds no private key in PEM that opens without a passphrase';
    throw new AppError('invalid-argument', wrong('tlsKey', path, what), { cause });
  }
}

function wrong(setting: Setting, path: string, what: string): string {
  return `Setting '${setting}' is ${quoted(path)}, which ${what}`;
}
