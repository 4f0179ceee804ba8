/** `tengen store …`: looks after a data folder that no server uses: check, back up, sweep, begin anew. */

import { check } from '../../../src/core/errors.js';
import { serverSchema } from '../../../src/server/config.js';
import type { BlobEntry } from '../../../src/store/sqlite/blobs.js';
import type { FolderReport } from '../../../src/store/sqlite/check.js';
import { command, jsonFlag, type Flags } from '../command.js';
import { formatTable } from '../../shared/table.js';

const folderFlag = {
  'data-dir': {
    type: 'string',
    default: process.env['TENGEN_DATA_DIR'] ?? serverSchema.dataDir.default,
    value: 'DIR',
    doc: 'data folder of a server (TENGEN_DATA_DIR)',
  },
} as const satisfies Flags;

function print(lines: readonly string[]): void {
  process.stdout.write(lines.map((line) => `${line}\n`).join(''));
}

function sizeText(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}

function listed(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`${title}: ${lines.length}`, ...lines.map((line) => `  ${line}`)];
}

function describe(entries: readonly BlobEntry[]): string[] {
  if (entries.length === 0) return [];
  const rows = entries.map(({ name, bytes, modifiedAtMs }) => [
    name,
    sizeText(bytes),
    new Date(modifiedAtMs).toISOString().slice(0, 19).replace('T', ' '),
  ]);
  return formatTable(['FILE', 'SIZE', 'WRITTEN (UTC)'], rows).split('\n');
}

function reportLines(report: FolderReport, isWhole: boolean): string[] {
  return [
    ...listed('What is wrong with the database', report.database),
    ...listed(
      'Files that are missing, with the rows that need them',
      report.orphans.map(({ sha256, holders }) => `${sha256}  ${holders.join(', ')}`),
    ),
    ...listed(
      'Files that are damaged, with the rows that need them',
      report.corrupt.map(({ name, holders }) => `${name}  ${holders.join(', ') || 'no row'}`),
    ),
    ...listed(
      "Files without a row (kept; 'tengen store sweep' removes them)",
      report.unreferenced.map(({ name, bytes }) => `${name}  ${sizeText(bytes)}`),
    ),
    ...listed(
      'Unfinished files (the next server removes them)',
      report.unfinished.map(({ name }) => name),
    ),
    ...listed('Files that are not of this program', report.foreign),
    ...listed('Open to other users of this machine', report.open),
    `${report.files} files, ${sizeText(report.bytes)}: ${isWhole ? 'nothing is missing or damaged' : 'NOT WHOLE'}`,
  ];
}

const checkCommand = command({
  name: 'store check',
  usage: '',
  summary: 'read every row and file of a data folder, and say what is missing, damaged or not needed',
  details: `
  The server that uses the folder must be stopped. The command changes nothing. The exit code is 1 if the database is damaged,
  if a file that a row needs is missing, or if the content of a file does not match the hash in its name.`,
  flags: { ...folderFlag, ...jsonFlag },
  async run({ flags, signal }) {
    const { checkFolder, isSound } = await import('../../../src/store/sqlite/check.js');
    const report = await checkFolder(flags['data-dir'], signal);
    const isWhole = isSound(report);
    print(flags.json ? [JSON.stringify({ isSound: isWhole, ...report })] : reportLines(report, isWhole));
    return isWhole ? 0 : 1;
  },
});

const sweepCommand = command({
  name: 'store sweep',
  usage: '',
  summary:
    'remove files that no row of a data folder needs and that are older than a day; without --yes only list them',
  details: `
  The server that uses the folder must be stopped; no server removes such files by itself. The command refuses a damaged
  database, since its rows do not reliably say which files they need. If an older backup of the database was restored, the
  files of newer models have no row: make sure that nobody wants those files before you use --yes.`,
  flags: {
    ...folderFlag,
    ...jsonFlag,
    yes: { type: 'boolean', default: false, doc: 'remove the files that the command lists' },
  },
  async run({ flags }) {
    const { sweepFolder } = await import('../../../src/store/sqlite/sweep.js');
    const { old, young } = await sweepFolder(flags['data-dir'], Date.now(), (sweep) => {
      if (!flags.json) print(describe(sweep.old));
      return flags.yes;
    });
    const bytes = old.reduce((sum, entry) => sum + entry.bytes, 0);
    if (flags.json) print([JSON.stringify({ isRemoved: flags.yes, old, young })]);
    else {
      const done = flags.yes ? 'removed' : 'would be removed; --yes removes them';
      print([
        `${old.length} files, ${sizeText(bytes)}: ${done}`,
        ...(young.length === 0 ? [] : [`${young.length} files without a row are younger than a day: kept`]),
      ]);
    }
    return 0;
  },
});

const backup = command({
  name: 'store backup',
  usage: 'FOLDER',
  summary: 'copy a data folder: all rows of the database, and every file that a row needs',
  details: `
  The server that uses the folder must be stopped; its jobs continue when the server starts again. FOLDER must not exist, or
  must be empty. The copy is itself a data folder: tengen serve --data-dir FOLDER serves the copy.`,
  flags: { ...folderFlag, ...jsonFlag },
  async run({ flags, args, signal }) {
    const [folder] = args;
    check(folder !== undefined && args.length === 1, 'store backup takes FOLDER; what is copied is --data-dir DIR');
    const { backUp } = await import('../../../src/store/sqlite/backup.js');
    const { files, bytes } = await backUp(flags['data-dir'], folder, signal);
    print([flags.json ? JSON.stringify({ files, bytes }) : `Copied the rows and ${files} files, ${sizeText(bytes)}`]);
    return 0;
  },
});

const begin = command({
  name: 'store new',
  usage: '',
  summary: 'make a new database in a data folder whose database is damaged or missing; every file stays',
  details: `
  The files of the old database are renamed and stay in the same folder. Models, checkpoints and data sets stay in blobs/,
  without rows, until 'tengen store sweep' removes them. docs/data-folder.md says how to restore a backup instead.`,
  flags: { ...folderFlag, ...jsonFlag },
  async run({ flags }) {
    const { beginAnew } = await import('../../../src/store/sqlite/begin.js');
    const aside = await beginAnew(flags['data-dir'], Date.now());
    if (flags.json) print([JSON.stringify({ aside })]);
    else print([...aside.map((path) => `The old one is now ${path}`), 'Made a new database; every file stays']);
    return 0;
  },
});

export const storeCommands = [checkCommand, backup, sweepCommand, begin];
