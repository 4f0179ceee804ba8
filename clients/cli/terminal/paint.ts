/** Colors for people; programs, files and those who set NO_COLOR (no-color.org) get plain text. */

const codes = { bold: [1, 22], dim: [2, 22], yellow: [33, 39], cyan: [36, 39], magenta: [35, 39] } as const;

/** Text in a color, or as it was. */
export type Paint = (style: keyof typeof codes, text: string) => string;

/** Leaves text as it is. */
export const plain: Paint = (_, text) => text;

/** Paints with ANSI escape codes. */
export const ansi: Paint = (style, text) => `\x1b[${codes[style][0]}m${text}\x1b[${codes[style][1]}m`;

/** How to paint what is written to `out`. */
export function paintFor(out: { readonly isTTY?: boolean }, env: NodeJS.ProcessEnv = process.env): Paint {
  return out.isTTY && !env['NO_COLOR'] && env['TERM'] !== 'dumb' ? ansi : plain;
}
