/**
 * The plain UCT player as a GTP program, for `tengen match` and any other referee:
 * `node build/experiments/learn/uct-gtp.js [--playouts 1000] [--seed 1] [--exploration 0.4]`.
 */

import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { AppError, check } from '../../src/core/errors.js';
import { Rng } from '../../src/core/rng.js';
import { BLACK, WHITE, type Color } from '../../src/go/color.js';
import { Position } from '../../src/go/position.js';
import { checkRules, checkSize, defaultRules, type Rules } from '../../src/go/rules.js';
import { formatVertex, parseVertex } from '../../src/go/vertex.js';
import { UctPlayer } from '../../clients/shared/uct.js';

const { values } = parseArgs({
  options: {
    playouts: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    exploration: { type: 'string', default: '0.4' },
  },
});
const player = new UctPlayer({ playouts: Number(values.playouts), exploration: Number(values.exploration) });
const rng = new Rng(Number(values.seed));
let position = new Position(9, defaultRules(9));

function restart(size: number, rules: Rules): string {
  position = new Position(size, rules);
  return '';
}

function parseColor(text: string | undefined): Color {
  const letter = text?.toLowerCase();
  if (letter === 'b' || letter === 'black') return BLACK;
  if (letter === 'w' || letter === 'white') return WHITE;
  throw new AppError('invalid-argument', 'syntax error');
}

function play(colorText: string | undefined, vertex: string | undefined): string {
  const color = parseColor(colorText);
  const action = parseVertex(vertex ?? '', position.size);
  // GTP may go on after two passes, and may let one side play twice.
  position.reopen();
  position.setToMove(color);
  check(position.tryPlay(action) === undefined, 'illegal move');
  return '';
}

function genmove(colorText: string | undefined): string {
  position.reopen();
  position.setToMove(parseColor(colorText));
  const action = player.chooseMove(position, rng);
  position.play(action);
  return formatVertex(action, position.size);
}

function finalScore(): string {
  const score = position.score();
  return score === 0 ? '0' : `${score > 0 ? 'B' : 'W'}+${Math.abs(score)}`;
}

function showBoard(): string {
  const { size } = position;
  const rows = Array.from({ length: size }, (_, row) => {
    const stones = Array.from({ length: size }, (_, column) => '.XO'[position.stoneAt(row * size + column)]);
    return `${String(size - row).padStart(2)} ${stones.join(' ')}`;
  });
  const letters = Array.from({ length: size }, (_, column) => formatVertex(column, size)[0]);
  return ['', ...rows, `   ${letters.join(' ')}`].join('\n');
}

const commands: Readonly<Record<string, (args: readonly string[]) => string>> = {
  protocol_version: () => '2',
  name: () => `plain UCT ${values.playouts}`,
  version: () => '1',
  known_command: ([name]) => String(name !== undefined && Object.hasOwn(commands, name)),
  list_commands: () => Object.keys(commands).join('\n'),
  quit: () => '',
  boardsize: ([text]) => {
    const size = Number(text);
    checkSize(size);
    return restart(size, { ...defaultRules(size), komi: position.rules.komi });
  },
  clear_board: () => restart(position.size, position.rules),
  komi: ([text]) => {
    const rules = { ...position.rules, komi: Number(text) };
    checkRules(rules, position.size);
    position.setKomi(rules.komi);
    return '';
  },
  play: ([color, vertex]) => play(color, vertex),
  genmove: ([color]) => genmove(color),
  final_score: finalScore,
  showboard: showBoard,
};

for await (const line of createInterface({ input: process.stdin })) {
  const words = line.replace(/#.*/, '').trim().split(/\s+/);
  if (words[0] === '') continue;
  const id = /^\d+$/.test(words[0]!) ? words.shift()! : '';
  const [name = '', ...args] = words;
  try {
    const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
    check(command !== undefined, 'unknown command');
    process.stdout.write(`=${id} ${command(args)}\n\n`);
  } catch (thrown) {
    process.stdout.write(`?${id} ${AppError.from(thrown).message}\n\n`);
  }
  if (name === 'quit') break;
}
