/** The tokens of a server: from its settings, or from files, which no list of processes shows. */

import { readFileSync, statSync } from 'node:fs';
import { AppError, check } from '../../core/errors.js';
import { Callers } from './callers.js';
import { readTokens } from './token-list.js';

/** The settings that hold tokens, or name files that do. */
export interface TokenSettings {
  readonly token: string;
  readonly tokenFile: string;
  readonly tokens: string;
  readonly tokensFile: string;
}

/**
 * Everybody with a token.
 *
 * @throws AppError 'invalid-argument' if a file cannot be read, or a setting is none; no token is ever shown
 */
export function readCallers({ token, tokenFile, tokens, tokensFile }: TokenSettings): Callers {
  check(token === '' || tokenFile === '', "Settings 'token' and 'tokenFile' are both set; one of them is enough");
  const fromFile = tokenFile === '' ? '' : readSetting('tokenFile', tokenFile).trim();
  check(
    tokenFile === '' || /^\S+$/.test(fromFile),
    "The file of setting 'tokenFile' must hold one token and nothing else",
  );
  const listed = tokensFile === '' ? '' : readSetting('tokensFile', tokensFile);
  const callers = new Callers(token || fromFile, tokens, listed);
  // Whoever names a list wants callers told apart: a list that came out empty must not let everybody in.
  for (const [setting, given, list] of [
    ['tokens', tokens, tokens],
    ['tokensFile', tokensFile, listed],
  ] as const) {
    check(
      given === '' || readTokens(setting, list).length > 0,
      () => `Setting '${setting}' has no entry; it must have one at least, such as alice:work=TOKEN, or be left out`,
    );
  }
  return callers;
}

/** The token files that other users of the machine may read. */
export function openTokenFiles({ tokenFile, tokensFile }: TokenSettings): readonly string[] {
  return [tokenFile, tokensFile].filter((path) => path !== '' && (statSync(path).mode & 0o077) !== 0);
}

function readSetting(setting: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new AppError('invalid-argument', `Setting '${setting}' is '${path}', which cannot be read`, { cause: error });
  }
}
