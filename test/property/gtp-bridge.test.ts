import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCommand } from '../../clients/gtp-bridge/command.js';
import { LineReader } from '../../clients/shared/lines.js';
import { GtpConversation } from '../support/gtp-session.js';

const seed = 20_240_229;

const vertices = fc.constantFrom('A1', 'C3', 'd4', 'E5', 'pass', 'Z9', 'I1', '');
const colors = fc.constantFrom('b', 'W', 'black', 'green', '');
const command = fc.oneof(
  fc.constantFrom('name', 'version', 'protocol_version', 'list_commands', 'clear_board', 'undo', 'showboard', 'stop'),
  fc.constantFrom('boardsize 5', 'boardsize 6', 'komi 0.5', 'komi x', 'final_score', 'final_status_list dead'),
  fc.constantFrom('fixed_handicap 2', 'place_free_handicap 3', 'time_left b 3 0', 'time_settings 1 0 0', 'nonsense'),
  fc.constantFrom(
    'kata-search_cancellable b',
    'kata-search_analyze_cancellable 50',
    'kata-search w',
    'kata-benchmark 3',
  ),
  fc.constantFrom(
    'kata-raw-nn all',
    'kata-raw-nn w 3',
    'kata-get-params',
    'kata-set-param maxVisits 3',
    'kata-get-models',
  ),
  fc.constantFrom(
    'set_position b C3 w C4',
    'set_position b C3 w',
    'kata-get-rules',
    'kata-set-rules chinese',
    'cputime',
  ),
  fc.constantFrom('lz-analyze b 50', 'kata-analyze 50', 'analyze w interval 20', 'lz-analyze nonsense'),
  fc.tuple(colors, vertices).map(([color, vertex]) => `play ${color} ${vertex}`),
  colors.map((color) => `genmove ${color}`),
  colors.map((color) => `genmove_analyze ${color} 100000`),
);

/** Replies as a GTP controller takes them apart: the first line of each. */
function replyHeads(output: string): string[] {
  return output
    .split('\n\n')
    .filter(Boolean)
    .map((reply) => reply.split('\n')[0]!);
}

describe('whatever is sent, in whatever pieces', () => {
  it('every command is answered exactly once and in order', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(command, fc.boolean()), { minLength: 1, maxLength: 25 }),
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 20 }),
        async (commands, cuts) => {
          const conversation = new GtpConversation({ settings: { visits: 2 } });
          const script = commands
            .map(([text, blank], id) => `${id} ${text}\r\n${blank ? ' # nothing\n' : ''}`)
            .join('');
          for (let at = 0, i = 0; at < script.length; i++) {
            const end = at + cuts[i % cuts.length]!;
            conversation.send(script.slice(at, end));
            at = end;
          }
          const heads = replyHeads(await conversation.close());
          expect(heads.map((line) => /^[=?](\d+)/.exec(line)?.[1])).toEqual(commands.map((_, id) => String(id)));
        },
      ),
      { seed, numRuns: 60 },
    );
  });

  it('control characters and comments change nothing', () => {
    const noise = fc.array(fc.constantFrom('\u0000', '\u0007', '\u001b', '\r', '\u007f'), { maxLength: 5 });
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z0-9_ ]{1,30}$/), noise, fc.nat(), (text, characters, at) => {
        const cut = at % (text.length + 1);
        const noisy = `${text.slice(0, cut)}${characters.join('')}${text.slice(cut)} # ${text}`;
        expect(parseCommand(noisy)).toEqual(parseCommand(text));
      }),
      { seed },
    );
  });

  it('lines survive being cut anywhere, even inside a character', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.string({ unit: 'grapheme' }).map((text) => text.replace(/[\n\r]/g, '')),
          { maxLength: 10 },
        ),
        fc.integer({ min: 1, max: 5 }),
        async (lines, length) => {
          const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
          async function* pieces(): AsyncGenerator<Uint8Array> {
            for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
            await Promise.resolve();
          }
          const reader = new LineReader(pieces());
          const seen: string[] = [];
          for (let line = await reader.next(); line !== undefined; line = await reader.next()) seen.push(line);
          expect(seen).toEqual(lines.map((line) => Buffer.from(line).toString()));
        },
      ),
      { seed },
    );
  });
});
