import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { physicalCores, type Machine } from '../../../src/evaluator/physical-cores.js';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** A machine whose processors name these siblings, of which the process may use `allowed`. */
function machine(siblings: readonly string[], allowed: string, parallelism: number): Machine {
  const folder = mkdtempSync(join(tmpdir(), 'tengen-cores-'));
  folders.push(folder);
  siblings.forEach((list, cpu) => {
    const topology = join(folder, `cpu${cpu}`, 'topology');
    mkdirSync(topology, { recursive: true });
    writeFileSync(join(topology, 'thread_siblings_list'), `${list}\n`);
  });
  const status = join(folder, 'status');
  writeFileSync(status, `Name:\tnode\nCpus_allowed:\tff\nCpus_allowed_list:\t${allowed}\nMems_allowed_list:\t0\n`);
  return { cpus: folder, status, parallelism, arch: 'x64' };
}

const doubled = ['0,4', '1,5', '2,6', '3,7', '0,4', '1,5', '2,6', '3,7'];

describe('physicalCores', () => {
  it('counts cores and not their hardware threads', () => {
    expect(physicalCores(machine(doubled, '0-7', 8))).toBe(4);
    expect(physicalCores(machine(['0-1', '0-1', '2-3', '2-3'], '0-3', 4))).toBe(2);
    expect(physicalCores(machine(['0', '1'], '0-1', 2))).toBe(2);
  });

  it('counts only those that the process may use', () => {
    expect(physicalCores(machine(doubled, '0-1,4', 3))).toBe(2);
    expect(physicalCores(machine(doubled, '2', 1))).toBe(1);
    expect(physicalCores(machine(doubled, '0-7', 3))).toBe(3);
  });

  it('guesses where the system does not say', () => {
    const silent = { cpus: '/nowhere', status: '/nowhere', arch: 'x64' };
    expect([1, 2, 4, 7].map((parallelism) => physicalCores({ ...silent, parallelism }))).toEqual([1, 2, 2, 4]);
    expect(physicalCores({ ...silent, arch: 'arm64', parallelism: 8 })).toBe(8);
  });

  it('is a number of threads on this machine', () => {
    expect(physicalCores()).toBeGreaterThanOrEqual(1);
    expect(physicalCores()).toBeLessThanOrEqual(availableParallelism());
  });
});
