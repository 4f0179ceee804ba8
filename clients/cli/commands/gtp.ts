/** `tengen gtp`: the bridge for Sabaki and other Go programs. */

import { resolve } from 'node:path';
import { bridgeSchema } from '../../gtp-bridge/config.js';
import { runGtp } from '../../gtp-bridge/run.js';
import { readConfig } from '../../../src/core/config.js';
import { startLocalServer } from '../child.js';
import { command, connectionFlags, connectionOf } from '../command.js';
import { givenSettings, schemaFlags } from '../schema-flags.js';

export const gtpCommand = command({
  name: 'gtp',
  usage: '',
  summary: 'play Go through GTP on stdin and stdout, for Sabaki and other Go programs',
  details: `
  tengen gtp --address 127.0.0.1:5050 --visits 400
  tengen gtp --data-dir data/quickstart-7      starts a server of its own on that data folder, which stops with the command`,
  flags: {
    ...connectionFlags,
    model: {
      type: 'string',
      short: 'm',
      default: '',
      value: 'MODEL',
      doc: 'model that plays, NAME or NAME@VERSION; without --model, the promoted version',
    },
    'data-dir': {
      type: 'string',
      value: 'DIR',
      doc: 'start a server of its own on this data folder instead of connecting to a server',
    },
    ...schemaFlags(bridgeSchema),
  },
  async run({ flags, signal }) {
    const settings = readConfig(bridgeSchema, givenSettings(bridgeSchema, flags));
    const dataDir = flags['data-dir'];
    const local =
      dataDir === undefined
        ? undefined
        : await startLocalServer(resolve(dataDir), ['--no-page', '--log-level', 'warn'], signal);
    try {
      const { model } = flags;
      const connection = local ? { address: local.address } : connectionOf(flags);
      const streams = { input: process.stdin, output: process.stdout };
      await runGtp({ ...settings, ...connection, ...streams, model, signal });
      return 0;
    } finally {
      await local?.server.stop();
    }
  },
});
