/** What is compared. */

import { growthMethods, type OperatorSettings } from '../../src/methods/growth/settings.js';

/** A way to a network of the target's size. */
export interface Arm {
  /** From which network: none, the small one, the shallow one, or a small one that was never trained. */
  readonly from: 'nothing' | 'small' | 'shallow' | 'untrained';
  readonly settings?: OperatorSettings;
  /** The arm whose learning rate it takes; without it the arm has one chosen for itself. */
  readonly rateOf?: string;
}

/**
 * Every arm by name, the main ones first. `small` is the small network trained on. What is split evenly and has no noise
 * consists of copies that stay equal for ever, so bert2BERT's copies are split unevenly here.
 */
export const arms: Readonly<Record<string, Arm>> = {
  scratch: { from: 'nothing' },
  'net2net-spread': { from: 'small', settings: growthMethods['net2net-spread'] },
  net2net: { from: 'small', settings: growthMethods.net2net },
  bert2bert: { from: 'small', settings: { ...growthMethods.fpi, split: 'uneven' } },
  ligo: { from: 'small', settings: growthMethods.ligo },
  mango: { from: 'small', settings: growthMethods.mango },
  'mango-exact': { from: 'small', settings: growthMethods['mango-exact'] },
  'mango-spread': { from: 'small', settings: { ...growthMethods['mango-exact'], spread: 0.5 } },
  stack: { from: 'shallow', settings: growthMethods.stack },
  small: { from: 'small', rateOf: 'small-source' },
  aki: { from: 'small', settings: growthMethods.aki, rateOf: 'bert2bert' },
  katago: { from: 'small', settings: growthMethods.katago, rateOf: 'net2net' },
  'mango-rank2': { from: 'small', settings: { ...growthMethods.mango, rank: 2 }, rateOf: 'mango' },
  'mango-untrained': { from: 'untrained', settings: growthMethods.mango, rateOf: 'mango' },
};
