/** What a person chooses beside the moves. */

import type { searchPlaces } from '../../shared/search-place.js';
import { BLACK, WHITE, type Color } from '../../../src/go/color.js';

/** What can be drawn over the board. */
export const overlays = [
  { name: 'policy', title: 'Policy' },
  { name: 'visits', title: 'Visits' },
  { name: 'ownership', title: 'Ownership' },
  { name: 'nothing', title: 'Nothing' },
] as const;

export type OverlayName = (typeof overlays)[number]['name'];

/** Visits of a move; 1 is the network alone. */
export const visitCounts: readonly number[] = [1, 16, 64, 200, 800, 3200];

/** Who the person plays, and so who the model does. */
export const players: readonly { readonly title: string; readonly value: Color | undefined }[] = [
  { title: 'Both sides', value: undefined },
  { title: 'Black', value: WHITE },
  { title: 'White', value: BLACK },
];

/** Where the search runs: in this tab, or on the server. */
export const places: readonly { readonly title: string; readonly value: (typeof searchPlaces)[number] }[] = [
  { title: 'Automatic', value: 'auto' },
  { title: 'In the browser', value: 'local' },
  { title: 'On the server', value: 'server' },
];

export interface Choices {
  /** A name or name@version; undefined until the models are known. */
  readonly model: string | undefined;
  readonly visits: number;
  readonly place: (typeof searchPlaces)[number];
  readonly overlay: OverlayName;
  /** The color that the model plays; undefined if it only looks on. */
  readonly modelPlays: Color | undefined;
}

/** At the start. */
export const firstChoices: Choices = {
  model: undefined,
  visits: 1,
  place: 'auto',
  overlay: 'policy',
  modelPlays: undefined,
};
