import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
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

  it('takes true and false after a flag, and no word that is nothing', () => {
    const folder = mkdtempSync(join(tmpdir(), 'tengen-cli-'));
    const away = ['serve', '--data-dir', folder, '--host', '0.0.0.0', '--port', '0'];
    for (const flags of [['--insecure', 'false'], ['--insecure=false'], ['--no-insecure']]) {
      const { code, err } = run(...away, ...flags);
      expect([code, err]).toEqual([2, expect.stringContaining('that needs a token and tlsCert')]);
    }
    expect(run(...away, '--insecure=no')).toMatchObject({
      code: 2,
      err: expect.stringContaining("--insecure is 'no'; it must be true or false, or stand alone") as string,
    });
    for (const name of ['serve', 'worker', 'gtp', 'jobs list', 'store check']) {
      const { code, err } = run(...name.split(' '), 'stray');
      expect([code, err]).toEqual([2, expect.stringContaining(`'tengen ${name}' takes flags alone; 'stray' is none`)]);
    }
    rmSync(folder, { recursive: true });
  });

  it('refuses a list of tokens without an entry, which would let everybody in', () => {
    const folder = mkdtempSync(join(tmpdir(), 'tengen-cli-'));
    const file = join(folder, 'tokens');
    for (const [text, flags] of [
      ['# nobody yet\n', ['--tokens-file', file]],
      ['', ['--tokens-file', file]],
      ['', ['--tokens', ',']],
    ] as const) {
      writeFileSync(file, text);
      const { code, err } = run('serve', '--data-dir', join(folder, 'data'), '--port', '0', ...flags);
      expect([code, err]).toEqual([2, expect.stringContaining('has no entry; it must have one at least')]);
    }
    rmSync(folder, { recursive: true });
  });

  it('says that no server answers', () => {
    const { code, err } = run('models', 'list', '--address', '127.0.0.1:9');
    expect(code).toBe(1);
    expect(err).toMatch(/^tengen: .+/);
  });
});
