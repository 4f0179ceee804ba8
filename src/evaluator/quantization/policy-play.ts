/** Positions for a network that has no games: it draws moves from its own policy, many games side by side. */

import type { Rng } from '../../core/rng.js';
import { Position } from '../../go/position.js';
import { defaultRules } from '../../go/rules.js';
import type { Snapshot } from '../../go/snapshot.js';
import { inParts } from './short-runs.js';
import { packPositions } from '../../go/packed-position.js';
import type { ServingSession } from '../serving-session.js';

const GAMES = 32;
/** Sizes that a network of many sizes is tried on, with shares that leave the small boards, which are cheap, most. */
const usualSizes = [
  [9, 0.6],
  [13, 0.25],
  [19, 0.15],
] as const;

/** How many positions of each size make `count`, for a network that plays `boards`. */
export function sizesToPlay(boards: readonly [number, number], count: number): Map<number, number> {
  const [smallest, largest] = boards;
  const sizes = usualSizes.filter(([size]) => size >= smallest && size <= largest);
  if (smallest === largest || sizes.length === 0) return new Map([[largest, count]]);
  const total = sizes.reduce((sum, [, share]) => sum + share, 0);
  return new Map(sizes.map(([size, share]) => [size, Math.ceil((count * share) / total)]));
}

/** Plays until there are `count` positions of `size`; about every second one is taken. `goOn` is called before each run. */
export async function policyPositions(
  session: ServingSession,
  { size, count, inRun }: { readonly size: number; readonly count: number; readonly inRun: number },
  rng: Rng,
  goOn: () => Promise<void> | void,
): Promise<Snapshot[]> {
  const games = Array.from({ length: GAMES }, () => new Position(size, defaultRules(size)));
  const legal = new Uint8Array(size * size + 1);
  const taken: Snapshot[] = [];
  while (taken.length < count) {
    const snapshots = games.map((game) => game.snapshot());
    const policies: Float32Array[] = [];
    for (const part of inParts(snapshots, inRun)) {
      await goOn();
      const { policy } = await session.infer(session.features(packPositions(part, size)));
      part.forEach((_, i) => policies.push(policy!.data.subarray(i * legal.length, (i + 1) * legal.length)));
    }
    games.forEach((game, i) => {
      if (rng.float() < 0.5 && taken.length < count) taken.push(snapshots[i]!);
      const logits = policies[i]!;
      game.legal(legal);
      game.play(drawMove(logits, legal, rng));
      if (game.isOver || game.moveCount >= 2 * size * size) games[i] = new Position(size, defaultRules(size));
    });
  }
  return taken;
}

function drawMove(logits: Float32Array, legal: Uint8Array, rng: Rng): number {
  const largest = logits.reduce((most, logit, i) => (legal[i] === 1 ? Math.max(most, logit) : most), -Infinity);
  return rng.weighted(logits.map((logit, i) => (legal[i] === 1 ? Math.exp(logit - largest) : 0)));
}
