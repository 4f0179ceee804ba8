/**
 * How far a program that a job runs is kept from everything else. Linux offers two walls, and each is used where it is to be
 * had: another user (nobody, where the server is root), and namespaces of its own for users, processes and the network.
 */

import { spawn } from 'node:child_process';

/** What programs are started behind. */
export interface Sandbox {
  /** The command line that the program's own is appended to. */
  readonly wrapper: readonly string[];
  /** User and group that the program runs as; not given: those of the server. */
  readonly user?: number;
  /** For logs. */
  readonly walls: readonly ('user nobody' | 'namespaces')[];
}

/** On every Linux the user with no rights. */
const NOBODY = 65_534;

const namespaces = [
  ...['unshare', '--user', '--map-root-user', '--net', '--pid', '--mount-proc'],
  // With its first process all others of the namespace end, also those that left the group.
  ...['--fork', '--kill-child'],
];

/** Finds out what this system offers to this process. */
export async function findSandbox(): Promise<Sandbox> {
  const isRoot = process.getuid?.() === 0;
  const user = isRoot && (await starts(['true'], NOBODY)) ? NOBODY : undefined;
  const hasNamespaces = await starts([...namespaces, 'true'], user);
  return {
    wrapper: hasNamespaces ? namespaces : [],
    ...(user !== undefined && { user }),
    walls: [...(user === undefined ? [] : ['user nobody' as const]), ...(hasNamespaces ? ['namespaces' as const] : [])],
  };
}

function starts([program, ...args]: readonly string[], user: number | undefined): Promise<boolean> {
  return new Promise((resolve) => {
    const as = user === undefined ? {} : { uid: user, gid: user };
    const child = spawn(program!, args, { stdio: 'ignore', env: { PATH: process.env['PATH'] }, cwd: '/', ...as });
    child.once('error', () => resolve(false));
    child.once('exit', (code) => resolve(code === 0));
  });
}
