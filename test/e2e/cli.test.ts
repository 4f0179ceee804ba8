import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const tengen = join(import.meta.dirname, '../../dist/clients/cli/main.js');

function run(...args: string[]): { code: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [tengen, ...args], { encoding: 'utf8' });
  return { code: status, out: stdout, err: stderr };
}

describe('tengen', () => {
  it('lists its commands, and succeeds when that is what was asked', () => {
    const { code, out } = run('--help');
    expect(code).toBe(0);
    for (const name of ['serve', 'worker', 'gtp', 'quickstart', 'match', 'jobs watch', 'games show', 'models list'])
      expect(out).toContain(name);
  });

  it.each(['serve', 'worker', 'gtp', 'quickstart', 'match', 'jobs create', 'games export', 'models import'])(
    'explains %s',
    (name) => {
      const { code, out } = run(...name.split(' '), '--help');
      expect(code).toBe(0);
      expect(out).toContain(`tengen ${name}`);
      expect(out).toContain('--help');
    },
  );

  it('names the nearest command and the nearest flag', () => {
    expect(run('sevre')).toMatchObject({ code: 2, err: expect.stringContaining("did you mean 'serve'") as string });
    expect(run('match', '--gmaes', '2')).toMatchObject({
      code: 2,
      err: expect.stringContaining('did you mean --games') as string,
    });
  });

  it('says in one sentence how a player is written', () => {
    const { code, err } = run('match', 'nonsense', ':5');
    expect(code).toBe(2);
    expect(err).toContain("Player 'nonsense' is neither MODEL:VISITS");
  });

  it('refuses a setting out of range with the value seen and the values allowed', () => {
    const { code, err } = run('serve', '--port', '70000');
    expect(code).toBe(2);
    expect(err).toContain('Setting \'port\' is "70000"; it must be a whole number from 0 to 65535');
  });

  it('says that no server answers', () => {
    const { code, err } = run('models', 'list', '--address', '127.0.0.1:9');
    expect(code).toBe(1);
    expect(err).toMatch(/^tengen: .+/);
  });
});
