/** Replies as GTP text ("GTP protocol version 2, draft 2", sections 2.6–2.7). */

import type { Command } from './command.js';

/** The text of one whole reply, ending in two line feeds. */
export function formatResponse(
  command: Pick<Command, 'id'>,
  outcome: { readonly ok: boolean; readonly text: string },
): string {
  const text = withoutBlankLines(outcome.text);
  const gap = text === '' || text.startsWith('\n') ? '' : ' ';
  return `${outcome.ok ? '=' : '?'}${command.id}${gap}${text}\n\n`;
}

/** A reply ends at its first empty line, so none may stand inside; a leading line feed starts the text on its own line. */
function withoutBlankLines(text: string): string {
  const lines = text.replaceAll('\r', '').replaceAll('\t', ' ').trimEnd().split('\n');
  return lines.filter((line, index) => index === 0 || line.trim() !== '').join('\n');
}
