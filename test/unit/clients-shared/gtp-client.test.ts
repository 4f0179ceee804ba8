import { afterEach, describe, expect, it } from 'vitest';
import { GtpClient } from '../../../clients/shared/gtp-client.js';

/** A GTP engine of a few lines: `echo`, `two` (a reply of two lines), `slow` (never answers), `die`, `quit`. */
const engine = `
  process.stdout.write('hello\\n\\n');
  require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
    const [name, ...args] = line.split(' ');
    if (name === 'echo') process.stdout.write('= ' + args.join(' ') + '\\n\\n');
    else if (name === 'two') process.stdout.write('=7 one\\ntwo\\n\\n');
    else if (name === 'die') { process.stderr.write('out of ideas\\n'); process.exit(3); }
    else if (name === 'quit') { process.stdout.write('=\\n\\n'); process.exit(0); }
    else if (name !== 'slow') process.stdout.write('? unknown command\\n\\n');
  });
`;

const clients: GtpClient[] = [];
function start(command = process.execPath, args = ['-e', engine]): GtpClient {
  const client = new GtpClient({ command, args });
  clients.push(client);
  return client;
}

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close(200)));
});

describe('a GTP client', () => {
  it('matches replies to commands in order, sent without waiting', async () => {
    const client = start();
    const replies = await Promise.all(['echo a', 'two', 'echo b c'].map((command) => client.send(command)));
    expect(replies).toEqual(['a', 'one\ntwo', 'b c']);
  });

  it('turns a refusal into an error with the engine’s words and goes on', async () => {
    const client = start();
    await expect(client.send('nonsense')).rejects.toMatchObject({
      kind: 'failed-precondition',
      message: expect.stringContaining("refused 'nonsense': unknown command") as string,
    });
    expect(await client.send('echo still here')).toBe('still here');
  });

  it('shows the lines of a reply as they come', async () => {
    const lines: string[] = [];
    await start().send('two', { onLine: (line) => lines.push(line) });
    expect(lines).toEqual(['=7 one', 'two']);
  });

  it('gives up waiting when told to', async () => {
    const client = start();
    await client.send('echo ready');
    await expect(client.send('slow', { signal: AbortSignal.timeout(10) })).rejects.toMatchObject({
      kind: 'deadline-exceeded',
    });
  });

  it('says how the program died and what it said last', async () => {
    const client = start();
    await expect(Promise.all([client.send('echo a'), client.send('die'), client.send('echo b')])).rejects.toMatchObject(
      {
        kind: 'unavailable',
        message: expect.stringMatching(/ended with exit code 3; it said: out of ideas$/) as string,
      },
    );
    await expect(client.send('echo c')).rejects.toMatchObject({ kind: 'unavailable' });
  });

  it('says that a program does not exist', async () => {
    await expect(start('/no/such/engine', []).send('name')).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringContaining('could not be started') as string,
    });
  });

  it('kills a program that does not quit', async () => {
    const client = start(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    const { pid } = client;
    await client.close(50);
    expect(() => process.kill(pid!, 0)).toThrow('ESRCH');
  });
});
