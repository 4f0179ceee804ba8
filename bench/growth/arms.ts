/** What is compared. */

import { growthMethods, type OperatorSettings } from '../../src/methods/growth/settings.js';

/** A way to a network of the target's size. */
export interface Arm {
  /** From which network: none, the small one, the shallow one, or a small one that was never trained. */
  readonly from: 'nothing' | 'small' | 'shallow' | 'untrained';
  readonly settings?: OperatorSettings;
}

/** Every arm by name. `small` is the small network trained on. */
export const arms: Readonly<Record<string, Arm>> = {
  scratch: { from: 'nothing' },
  small: { from: 'small' },
  net2net: { from: 'small', settings: growthMethods.net2net },
  bert2bert: { from: 'small', settings: growthMethods.fpi },
  mango: { from: 'small', settings: growthMethods.mango },
  'mango-exact': { from: 'small', settings: growthMethods['mango-exact'] },
  ligo: { from: 'small', settings: growthMethods.ligo },
  stack: { from: 'shallow', settings: growthMethods.stack },
  aki: { from: 'small', settings: growthMethods.aki },
  katago: { from: 'small', settings: growthMethods.katago },
  'mango-rank2': { from: 'small', settings: { ...growthMethods.mango, rank: 2 } },
  'mango-untrained': { from: 'untrained', settings: growthMethods.mango },
};
