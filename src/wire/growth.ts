/** Descriptions of networks that grow ↔ the method's. */

import { AppError } from '../core/errors.js';
import type { GrowthDescription } from '../methods/growth/described-bundles.js';
import { growthMethods, type OperatorSettings } from '../methods/growth/settings.js';
import { type GrowthDescription as GrowthMessage, GrowthMethod } from '../proto/tengen/v1/growth.js';

const methods: Partial<Record<GrowthMethod, OperatorSettings>> = {
  [GrowthMethod.UNSPECIFIED]: growthMethods['net2net-spread'],
  [GrowthMethod.NET2NET]: growthMethods.net2net,
  [GrowthMethod.STACK]: growthMethods.stack,
  [GrowthMethod.FPI]: growthMethods.fpi,
  [GrowthMethod.AKI]: growthMethods.aki,
  [GrowthMethod.KATAGO]: growthMethods.katago,
  [GrowthMethod.NET2NET_SPREAD]: growthMethods['net2net-spread'],
};

/** @throws AppError 'invalid-argument' for a method that the contract does not have */
export function growthFromWire(message: GrowthMessage): {
  readonly description: GrowthDescription;
  readonly settings: OperatorSettings;
} {
  const settings = methods[message.method];
  if (!settings) {
    throw new AppError('invalid-argument', `method is ${message.method}; it must be from 0 (not given) to 6`);
  }
  const { units, sourceLayers, targetLayers, parameters } = message;
  return { description: { units, sourceLayers, targetLayers, parameters }, settings };
}
