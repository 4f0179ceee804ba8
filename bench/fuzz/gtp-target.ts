/** GTP lines and SGF files to a real bridge process. After every case it is asked for its version, by which the case is over. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Rng } from '../../src/core/rng.js';
import { Conversation, type Heard } from './conversation.js';
import { damagedBytes, extremeText, pick } from './extremes.js';
import { mutatedJsonText } from './json.js';
import { TextProcess } from './text-process.js';
import { unclearAmong, type Finding } from './verdict.js';
import type { World } from './world.js';

const rules =
  '{"ko":"POSITIONAL","scoring":"AREA","tax":"NONE","suicide":false,"hasButton":false,"whiteHandicapBonus":"0"}';
const lines: readonly string[] = [
  ...[
    'name',
    'version',
    'protocol_version',
    'list_commands',
    'known_command genmove',
    'boardsize 5',
    'clear_board',
    'komi 6.5',
  ],
  ...[
    'play b C3',
    'play w pass',
    'genmove b',
    'reg_genmove w',
    'undo',
    'showboard',
    'final_score',
    'final_status_list dead',
  ],
  ...[
    'fixed_handicap 2',
    'place_free_handicap 3',
    'set_free_handicap A1 B2',
    'set_position b A1 w B2',
    'get_komi',
    'printsgf',
  ],
  ...['time_settings 60 10 5', 'time_left b 30 2', 'kgs-time_settings byoyomi 60 10 5', 'kgs-rules chinese', 'cputime'],
  ...[
    'kata-set-rules tromp-taylor',
    `kata-set-rules ${rules}`,
    'kata-set-rule ko SIMPLE',
    'kata-get-rules',
    'kata-raw-nn all',
  ],
  ...[
    'kata-get-params',
    'kata-get-param maxVisits',
    'kata-set-param playoutDoublingAdvantage 0',
    'kata-set-params {"maxVisits":4}',
  ],
  ...[
    'kata-time_settings canadian 60 10 5',
    'kata-list_time_settings',
    'kata-get-models',
    'kata-benchmark 5',
    'kata-search b',
  ],
  ...[
    'kata-search_cancellable b',
    'kata-search_analyze b 10',
    'lz-analyze b 10 minmoves 1 maxmoves 3 avoid b A1,B2 3',
    'stop',
  ],
  ...[
    'kata-analyze w interval 10 rootInfo true ownership true pvVisits true',
    'lz-genmove_analyze b 5 allow b A1,B2 1',
    'analyze 10',
  ],
  ...[
    'kata-genmove_analyze w ownership true movesOwnership true',
    'kgs-genmove_cleanup b',
    'clear_cache',
    'rectangular_boardsize 5 5',
  ],
];
/** Visits and time that a case may have asked for would make the next ones slow. */
const again = ['kata-set-param maxVisits 4', 'kata-set-param maxTime 1', 'kata-time_settings none'];
const sgf =
  '(;GM[1]FF[4]CA[UTF-8]SZ[5]KM[6.5]RU[Chinese]HA[2]PB[b]PW[w]RE[B+2]AB[aa][bb]AW[cc]PL[W]C[a \\] comment];W[dd](;B[ee];W[])(;B[ab]))';
const sgfParts = [
  '(;',
  ')',
  '((',
  ';',
  '[',
  ']',
  '\\',
  'SZ[',
  'SZ[19:19]',
  'SZ[1e9]',
  'SZ[-1]',
  'AB[aa:ee]',
  'AB[zz]',
  'B[tt]',
  'KM[nan]',
  'KM[1e308]',
  'HA[99]',
  'PL[X]',
  'RU[?]',
];

/** Runs cases in one process. */
export class GtpTarget {
  readonly #world: World;
  readonly #isSgf: boolean;
  readonly #folder: string;
  readonly #talk: Conversation;
  #next = 900_000;

  /** @param kind `gtp` sends lines, `sgf` files through `loadsgf` */
  constructor(world: World, kind: 'gtp' | 'sgf') {
    this.#world = world;
    this.#isSgf = kind === 'sgf';
    this.#folder = mkdtempSync(join(tmpdir(), 'tengen-fuzz-gtp-'));
    const { server, stored, boundMs } = world;
    const args = ['gtp', '--address', server.address, '--model', stored.go, '--visits', '4', '--analysis-visits', '20'];
    this.#talk = new Conversation((onLine) => new TextProcess(args, onLine, this.#folder), hear, boundMs);
  }

  /** One case. */
  async run(rng: Rng): Promise<Finding | undefined> {
    const sent = this.#isSgf ? this.#load(rng) : oddLine(rng);
    const barrier = String(this.#next++);
    const tail = Buffer.from(`\n${again.join('\n')}\n${barrier} protocol_version\n`);
    const { end, said, epitaph } = await this.#talk.exchange(Buffer.concat([sent, tail]), barrier);
    const what = `the lines ${JSON.stringify(sent.toString().slice(0, 300))}`;
    if (end === 'late') return { verdict: 'hang', what, said: `no answer in ${this.#world.boundMs} ms` };
    if (end === 'crashed') return { verdict: 'crash', what, said: epitaph };
    return unclearAmong(said, sent.toString(), what);
  }

  async close(): Promise<void> {
    await this.#talk.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #load(rng: Rng): Buffer {
    const path = join(this.#folder, `${this.#next}.sgf`);
    writeFileSync(path, oddSgf(rng));
    return Buffer.from(
      pick(rng, [
        `loadsgf ${path}`,
        `loadsgf ${path}`,
        `loadsgf ${path} 2`,
        `loadsgf ${path}\nshowboard\ngenmove b\nprintsgf`,
      ]),
    );
  }
}

function hear(line: string): Heard {
  return {
    barrier: /^=(9\d{5,}) /.exec(line)?.[1],
    complaint: line.startsWith('?') ? line.replace(/^\?\d* ?/, '') : undefined,
  };
}

/** A line of a command with words changed, or damaged bytes. */
function oddLine(rng: Rng): Buffer {
  const line = pick(rng, lines);
  const words = line.split(' ');
  const at = rng.int(words.length);
  const odd = (): string => {
    switch (rng.int(12)) {
      case 0:
        return damagedBytes(rng, Buffer.from(line)).toString('latin1');
      case 1:
        return `${rng.int(1_000_000)} ${line}`;
      case 2:
        return mutatedJsonText(rng, line.slice(line.indexOf('{')));
      case 3:
        return [...words, ...words.slice(1), extremeText(rng)].join(' ');
      case 4:
        return words.toSpliced(at, 1).join(' ');
      case 5:
        return pick(rng, [
          line,
          `${line} # comment`,
          `\t${line}\r`,
          line.toUpperCase(),
          'x'.repeat(100_000),
          `${line} `.repeat(500),
          rng.int(40) === 0 ? 'quit' : line,
        ]);
      default:
        return words.with(at, oddWord(rng)).join(' ');
    }
  };
  const text = odd().replace(/(benchmark\s+)(?:\d{3,}|\S*e)\S*/i, '$19');
  return Buffer.from(text, rng.int(6) === 0 ? 'latin1' : 'utf8');
}

function oddWord(rng: Rng): string {
  return pick(rng, [
    extremeText(rng).replaceAll('\n', ' '),
    'nan',
    'inf',
    '-1',
    '1e9',
    '0',
    '2147483648',
    '4294967296',
    '1e400',
    'A1',
    'T19',
    'Z25',
    'pass',
    'b',
    'w',
    'all',
  ]);
}

/** A game with parts changed. */
function oddSgf(rng: Rng): Buffer {
  switch (rng.int(6)) {
    case 0:
      return damagedBytes(rng, Buffer.from(sgf));
    case 1: {
      const at = rng.int(sgf.length);
      return Buffer.from(sgf.slice(0, at) + pick(rng, sgfParts) + sgf.slice(at));
    }
    case 2:
      return Buffer.from(sgf.replace(/\[[^\]]*\]/, `[${extremeText(rng)}]`));
    case 3:
      return Buffer.from(
        pick(rng, [
          '(;'.repeat(20_000),
          '('.repeat(100_000),
          `(${';B[aa]'.repeat(5000)})`,
          `(;C[${'x'.repeat(500_000)}])`,
          '(;SZ[5]AB[aa:ee])',
          '\ufeff(;SZ[5])',
          '',
          '(;)',
        ]),
      );
    default: {
      const values = sgf.split(/(?<=\])|(?=\[)/);
      return Buffer.from(
        values
          .with(rng.int(values.length), pick(rng, [...sgfParts, `[${extremeText(rng)}]`, `[${rng.int(60)}]`]))
          .join(''),
      );
    }
  }
}
