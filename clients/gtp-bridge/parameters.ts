/** `kata-set-param` and its kind: settings of the session under KataGo's names, those of the search among them. */

import { readConfig } from '../../src/core/config.js';
import {
  isSearchParameter,
  searchParameter,
  searchParameterNames,
  withSearchParameter,
} from '../../src/player/search-parameters.js';
import { bridgeSchema, type BridgeConfig } from './config.js';
import { refusal } from './refusal.js';
import type { Session } from './session.js';

interface Setting {
  readonly key: keyof BridgeConfig;
  /** KataGo's value from ours, and ours from KataGo's; the same if left out. */
  readonly toKata?: (value: number) => number;
  readonly fromKata?: (value: number) => number;
}

/** KataGo resigns by a result from −1 to 1, the bridge by a winning chance. */
const chance: Pick<Setting, 'toKata' | 'fromKata'> = {
  toKata: (value) => 2 * value - 1,
  fromKata: (value) => (value + 1) / 2,
};

const settings: Readonly<Record<string, Setting>> = {
  maxVisits: { key: 'visits' },
  maxTime: { key: 'moveTime' },
  lagBuffer: { key: 'lag' },
  ponderingEnabled: { key: 'ponder' },
  resignThreshold: { key: 'resignBelow', ...chance },
  resignConsecTurns: { key: 'resignTurns' },
};

export const parameterNames: readonly string[] = [...Object.keys(settings), ...searchParameterNames];

/** The value in force. @throws refusal for an unknown name */
export function readParameter(session: Session, name: string): number | boolean {
  if (isSearchParameter(name)) return searchParameter(session.search, name);
  const { key, toKata = (value: number) => value } = settingOf(name);
  const value = session.config[key];
  return typeof value === 'boolean' ? value : toKata(Number(value));
}

/** @throws refusal for an unknown name, AppError 'invalid-argument' for a value that is not allowed */
export function setParameter(session: Session, name: string, value: string): void {
  if (isSearchParameter(name)) {
    session.search = withSearchParameter(session.search, name, value);
    return;
  }
  const { key, fromKata } = settingOf(name);
  session.config = readConfig(bridgeSchema, { ...session.config, [key]: fromKata ? fromKata(Number(value)) : value });
}

function settingOf(name: string): Setting {
  const setting = Object.hasOwn(settings, name) ? settings[name] : undefined;
  if (!setting) throw refusal(`unknown parameter ${name}`);
  return setting;
}
