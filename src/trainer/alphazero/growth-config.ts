/** The settings by which the network of an `alphazero` job grows while the job runs. */

import { choice, integer, number } from '../../core/config.js';
import type { ConfigOf } from '../../core/config.js';
import { check } from '../../core/errors.js';
import { growthMethodNames } from '../../methods/growth/settings.js';

/** Every one of them, with its default, range and meaning. */
export const growthSchema = {
  growAfter: integer(
    0,
    0,
    1_000_000_000,
    'Positions to collect before the network grows, on the replay window; 0 never grows it. The small network plays on until a large version has passed the rule of promotion after a whole match of ratingGames.',
  ),
  growBlocks: integer(0, 0, 64, 'Residual blocks to grow to; 0 keeps them.'),
  growChannels: integer(0, 0, 1024, 'Channels to grow to; 0 keeps them.'),
  growMethod: choice('net2net-spread', growthMethodNames, 'How to grow: the methods of the grow job.'),
  growSteps: integer(100, 0, 100_000, 'Training steps of the operator, for the methods that train one.'),
  growLearningRate: number(0.001, 0, 1, "The operator's learning rate after ten steps of warm-up."),
  growMaxLossIncrease: number(
    0.5,
    0,
    1000,
    "How far the grown network's loss may lie above the small one's; beyond it the job goes on with the small one.",
  ),
} as const;

/**
 * Checks what the ranges do not say.
 *
 * @throws AppError 'invalid-argument' naming the settings and the values seen
 */
export function checkGrowthConfig({
  growAfter,
  growBlocks,
  growChannels,
  startPositions,
}: ConfigOf<typeof growthSchema> & { readonly startPositions: number }): void {
  const isSized = growBlocks > 0 || growChannels > 0;
  check(
    isSized === growAfter > 0,
    () =>
      `Settings 'growAfter', 'growBlocks' and 'growChannels' are ${growAfter}, ${growBlocks} and ${growChannels}; ` +
      `growth needs 'growAfter' and one of the others above 0, and without it all are 0`,
  );
  check(
    growAfter === 0 || growAfter >= startPositions,
    () => `Setting 'growAfter' is ${growAfter}; it must be 0 or at least 'startPositions', which is ${startPositions}`,
  );
}
