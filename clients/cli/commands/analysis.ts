/** `tengen analysis`: KataGo's analysis engine for KaTrain and scripts. */

import { resolve } from 'node:path';
import { analysisSchema } from '../../analysis/config.js';
import { runAnalysis } from '../../analysis/run.js';
import { readConfig } from '../../../src/core/config.js';
import { startLocalServer } from '../child.js';
import { command, connectionFlags, connectionOf } from '../command.js';
import { givenSettings, schemaFlags } from '../schema-flags.js';

export const analysisCommand = command({
  name: 'analysis',
  usage: '',
  summary: "answer KataGo's analysis queries, JSON on stdin and stdout, for KaTrain and scripts",
  details: `
  tengen analysis --address 127.0.0.1:5050 --visits 500
  tengen analysis --data-dir data/quickstart-7      starts a server of its own on that data folder, which stops with the command`,
  flags: {
    ...connectionFlags,
    model: {
      type: 'string',
      short: 'm',
      default: '',
      value: 'MODEL',
      doc: 'model that analyses, NAME or NAME@VERSION; without --model, the promoted version',
    },
    'data-dir': {
      type: 'string',
      value: 'DIR',
      doc: 'start a server of its own on this data folder instead of connecting to a server',
    },
    ...schemaFlags(analysisSchema),
  },
  async run({ flags, signal }) {
    const settings = readConfig(analysisSchema, givenSettings(analysisSchema, flags));
    const dataDir = flags['data-dir'];
    const local =
      dataDir === undefined ? undefined : await startLocalServer(resolve(dataDir), ['--log-level', 'warn'], signal);
    try {
      const { model } = flags;
      const connection = local ? { address: local.address } : connectionOf(flags);
      const streams = { input: process.stdin, output: process.stdout };
      await runAnalysis({ ...settings, ...connection, ...streams, model, signal });
      return 0;
    } finally {
      await local?.server.stop();
    }
  },
});
