/** `tengen whoami`, and `grant` and `revoke` of models and data sets: who may do what. */

import { AppError, check } from '../../../src/core/errors.js';
import {
  AccessLevel,
  AccessServiceDefinition,
  NameKind,
  type NameOwnership,
} from '../../../src/proto/tengen/v1/access.js';
import { Connection } from '../../shared/connection.js';
import { command, connectionFlags, jsonFlag, type Command } from '../command.js';

const whoami = command({
  name: 'whoami',
  usage: '',
  summary: 'print the name and the access level of the token',
  flags: { ...connectionFlags, ...jsonFlag },
  async run({ flags, signal }) {
    const { name, level } = await new Connection(flags).client(AccessServiceDefinition).getCaller({}, { signal });
    const [word = ''] = Object.entries(AccessLevel).find(([, value]) => value === level) ?? [];
    const caller = { name, level: word.toLowerCase() };
    process.stdout.write(flags.json ? `${JSON.stringify(caller)}\n` : `${[name, caller.level].join(' ').trim()}\n`);
    return 0;
  },
});

/** `GROUP grant` and `GROUP revoke`. */
function nameCommands(group: string, noun: string, kind: NameKind): Command[] {
  return (['grant', 'revoke'] as const).map((word) =>
    command({
      name: `${group} ${word}`,
      usage: 'NAME CALLER',
      summary:
        word === 'grant'
          ? `let CALLER, the name of a token of level train, write under the ${noun} name NAME`
          : `take back the right of CALLER to write under the ${noun} name NAME; an owner of NAME keeps the right`,
      flags: { ...connectionFlags, ...jsonFlag },
      async run({ flags, args, signal }) {
        const [name, caller] = args;
        check(name !== undefined && caller !== undefined && args.length === 2, `${group} ${word} takes NAME CALLER`);
        const client = new Connection(flags).client(AccessServiceDefinition);
        const request = { kind, name, caller };
        const { ownership } = await (word === 'grant'
          ? client.grantName(request, { signal })
          : client.revokeName(request, { signal }));
        if (!ownership) throw new AppError('internal', 'The server sent no owner');
        process.stdout.write(`${flags.json ? JSON.stringify(ownership) : inWords(ownership)}\n`);
        return 0;
      },
    }),
  );
}

function inWords({ name, owner, granted }: NameOwnership): string {
  const others = granted.length === 0 ? 'nobody else' : granted.join(', ');
  return `${name} belongs to ${owner === '' ? 'the admins' : owner} and is granted to ${others}`;
}

export const accessCommands = [
  whoami,
  ...nameCommands('models', 'model', NameKind.MODEL),
  ...nameCommands('datasets', 'data set', NameKind.DATASET),
];
