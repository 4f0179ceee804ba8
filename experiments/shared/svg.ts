/** The few shapes that the plots of experiments are made of. */

/** Distinguishable also without color vision (Okabe and Ito). */
export const COLORS = ['#555555', '#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9'];

/** In pixels, from the top left. */
export type Point = readonly [number, number];

/** From a measured number to pixels. */
export type Scale = (value: number) => number;

/** A whole picture on white, with a title. */
export function picture(width: number, height: number, left: number, title: string, parts: readonly string[]): string {
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    text(left, 24, title, 'start', 14),
    ...parts,
    '</svg>',
  ].join('\n')}\n`;
}

/** A line through points; `dashes` as in SVG. */
export function line(points: readonly Point[], color: string, dashes?: string, width = 1): string {
  const dash = dashes === undefined ? '' : ` stroke-dasharray="${dashes}"`;
  return `<polyline points="${path(points)}" fill="none" stroke="${color}" stroke-width="${width}"${dash}/>`;
}

/** A faint area, for what lies within an error. */
export function area(points: readonly Point[], color: string, opacity: number): string {
  return `<polygon points="${path(points)}" fill="${color}" opacity="${opacity}"/>`;
}

/** Text that starts, ends or has its middle at a point. */
export function text(
  x: number,
  y: number,
  content: string,
  anchor: 'start' | 'middle' | 'end',
  size = 12,
  color = '#333333',
): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}" font-size="${size}" fill="${color}">${content}</text>`;
}

function path(points: readonly Point[]): string {
  return points.map(([a, b]) => `${a.toFixed(1)},${b.toFixed(1)}`).join(' ');
}
