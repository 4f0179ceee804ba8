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
    'Positions that must be collected before the network grows on the data of the replay window; 0 never grows the network. The small network plays until a grown version has played all its ratingGames and passes the rule of promotion.',
  ),
  growBlocks: integer(0, 0, 64, 'Residual blocks of the grown network; 0 keeps the number.'),
  growChannels: integer(0, 0, 1024, 'Channels of the grown network; 0 keeps the number.'),
  growMethod: choice('net2net-spread', growthMethodNames, 'Growth method, see method of the grow job.'),
  growSteps: integer(100, 0, 100_000, 'Training steps of the growth operator, for methods that train an operator.'),
  growLearningRate: number(0.001, 0, 1, 'Learning rate of the growth operator after ten steps of warm-up.'),
  growMaxLossIncrease: number(
    0.5,
    0,
    1000,
    'Most that the loss of the grown network may exceed the loss of the small network by; above growMaxLossIncrease the job keeps the small network.',
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
