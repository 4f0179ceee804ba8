#!/usr/bin/env node
/** `tengen`: finds the subcommand, reads its flags, runs it, and turns errors into one sentence and an exit code. */

import { setMaxListeners } from 'node:events';
import { AppError, check } from '../../src/core/errors.js';
import { nearest } from '../../src/core/config.js';
import { quoted } from '../../src/core/quoted.js';
import { fromCall } from '../shared/status.js';
import { helpFor, readFlags, type Command } from './command.js';
import { accessCommands } from './commands/access.js';
import { analysisCommand } from './commands/analysis.js';
import { datasetsCommands } from './commands/datasets.js';
import { gamesCommands } from './commands/games.js';
import { generateCommand } from './commands/generate.js';
import { gtpCommand } from './commands/gtp.js';
import { jobsCommands } from './commands/jobs.js';
import { matchCommand } from './commands/match.js';
import { modelsCommands } from './commands/models.js';
import { reviewCommand } from './commands/review.js';
import { quickstartCommand } from './commands/quickstart.js';
import { serveCommand } from './commands/serve.js';
import { storeCommands } from './commands/store.js';
import { workerCommand } from './commands/worker.js';
import { leaveNow } from './leave-now.js';

const commands: readonly Command[] = [
  quickstartCommand,
  serveCommand,
  workerCommand,
  gtpCommand,
  analysisCommand,
  reviewCommand,
  matchCommand,
  ...jobsCommands,
  ...gamesCommands,
  ...modelsCommands,
  ...datasetsCommands,
  generateCommand,
  ...storeCommands,
  ...accessCommands,
];

/** Aborted by Ctrl-C and SIGTERM, and when nobody reads our output any more. */
const interrupted = new AbortController();
/** The exit code if our output could not be written. */
let unheard: number | undefined;

/** Exit codes: 0 done, 1 failed, 2 used wrongly, 130 interrupted. */
async function main(words: readonly string[]): Promise<number> {
  const found = commands
    .filter((candidate) => candidate.name.split(' ').every((word, i) => words[i] === word))
    .sort((a, b) => b.name.length - a.name.length)[0];
  if (!found) return unknownCommand(words);
  const { values, args, help } = readFlags(found.flags, words.slice(found.name.split(' ').length));
  if (help) {
    process.stdout.write(helpFor(found));
    return 0;
  }
  check(
    found.usage !== '' || args.length === 0,
    () => `'tengen ${found.name}' takes flags alone; ${quoted(args[0] ?? '')} is none`,
  );
  const interrupt = (): void => {
    // A second Ctrl-C does not wait.
    if (interrupted.signal.aborted) leaveNow();
    interrupted.abort(new AppError('cancelled', 'Interrupted'));
  };
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  return (await found.run({ flags: values, args, signal: interrupted.signal })) ?? 0;
}

function unknownCommand(words: readonly string[]): number {
  const group = commands.filter((candidate) => candidate.name.split(' ')[0] === words[0]);
  const asked = words.length === 0 || words[0] === '--help' || words[0] === '-h' || words[0] === 'help';
  if (!asked && group.length === 0) {
    const names = commands.map((candidate) => candidate.name.split(' ')[0] ?? '');
    process.stderr.write(
      `tengen: unknown command '${words[0] ?? ''}'; did you mean '${nearest(words[0] ?? '', names)}'?\n`,
    );
    return 2;
  }
  const shown = group.length > 0 ? group : commands;
  const width = Math.max(...shown.map(({ name }) => name.length));
  const list = shown.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`).join('\n');
  process.stdout.write(`Usage: tengen COMMAND [flags]\n\n${list}\n\ntengen COMMAND --help explains one command.\n`);
  return asked || words.includes('--help') ? 0 : 2;
}

// One signal stops hundreds of games, each with a listener of its own.
setMaxListeners(0);
// Whoever reads our output may leave early, as `head` does.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  unheard ??= error.code === 'EPIPE' ? 0 : 1;
  interrupted.abort(new AppError('cancelled', 'Nobody reads the output'));
});

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = unheard ?? code;
  },
  (thrown: unknown) => {
    if (unheard !== undefined) {
      process.exitCode = unheard;
      return;
    }
    const error = fromCall(thrown);
    process.stderr.write(`tengen: ${error.message}\n`);
    if (process.env['TENGEN_DEBUG'])
      process.stderr.write(`${error.stack ?? ''}\n${error.cause instanceof Error ? (error.cause.stack ?? '') : ''}\n`);
    process.exitCode = error.kind === 'invalid-argument' ? 2 : error.kind === 'cancelled' ? 130 : 1;
  },
);
