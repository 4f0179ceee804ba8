import { describe, expect, it, vi } from 'vitest';
import { runChecks, type Check } from '../../../scripts/run-checks.mjs';
import { systemPackages } from '../../../scripts/system-packages.mjs';

describe('the checks of npm test', () => {
  const checks: Check[] = [
    ['lint', ['a']],
    ['build', ['b', 'c']],
    ['docs', ['d']],
  ];
  const run = (failing: string) => {
    const commands: string[] = [];
    const lines: string[] = [];
    const isOk = (command: readonly string[]): boolean => {
      commands.push(command.join(' '));
      return command[0] !== failing;
    };
    const result = runChecks(checks, 'build', isOk, (line) => lines.push(line.replace(/\(.*\)/, '')));
    return { ...result, commands, lines };
  };

  it('go on after one that fails', () => {
    const { passed, failed, stopped, commands, lines } = run('a');
    expect([passed, failed, stopped]).toEqual([2, 1, false]);
    expect(commands).toEqual(['a', 'b c', 'd']);
    expect(lines).toEqual(['FAILED lint ', 'ok     build ', 'ok     docs ']);
  });

  it('stop where the build fails: nothing runs on a dist of another commit', () => {
    const { passed, failed, stopped, commands, lines } = run('b');
    expect([passed, failed, stopped]).toEqual([1, 1, true]);
    expect(commands).toEqual(['a', 'b c']);
    expect(lines.at(-1)).toBe("stopped: what comes after 'build' needs what it makes");
  });
});

describe('packages of the system', () => {
  const asked = (env: Record<string, string>, missing: string[], failure?: string) => {
    const lines: string[] = [];
    const install = vi.fn(() => failure);
    systemPackages(env, (line) => lines.push(line), missing, install);
    return { lines, installed: install.mock.calls };
  };

  it('are installed only where that is asked for', () => {
    expect(asked({}, ['gnugo', 'strace'])).toEqual({
      lines: [
        'skipped: tests that need gnugo, strace; TENGEN_TEST_INSTALL=1 installs what is missing, with apt and as root',
      ],
      installed: [],
    });
    expect(asked({ TENGEN_TEST_INSTALL: '1' }, ['gnugo'])).toEqual({
      lines: ['installed gnugo'],
      installed: [[['gnugo']]],
    });
    expect(asked({ TENGEN_TEST_INSTALL: '1' }, ['gnugo'], 'needs apt and root').lines).toEqual([
      'skipped: tests that need gnugo; not installed: needs apt and root',
    ]);
    expect(asked({ TENGEN_TEST_INSTALL: '1' }, [])).toEqual({ lines: [], installed: [] });
  });
});
