/** What a board, and a game, say to a stone. */

/** What the board says to a stone: nothing against it, or what. */
export const LEGAL = 0;
export const OCCUPIED = 1;
export const KO = 2;
/** It would remove only itself. */
export const SUICIDE = 3;
/** It would remove itself with other stones of its color, which some rules allow. */
export const CHAIN_SUICIDE = 4;
/** Why a play is refused. */
export type IllegalReason = 'occupied' | 'ko' | 'suicide' | 'superko' | 'off-board' | 'over';

/** Verdicts that depend on the whole game, not on the stones alone. */
export const SUPERKO = 10;
export const OFF_BOARD = 11;
export const OVER = 12;

/** The words for verdicts other than LEGAL. */
export const illegalReasons: Readonly<Record<number, IllegalReason>> = {
  [OCCUPIED]: 'occupied',
  [KO]: 'ko',
  [SUICIDE]: 'suicide',
  [SUPERKO]: 'superko',
  [OFF_BOARD]: 'off-board',
  [OVER]: 'over',
};
