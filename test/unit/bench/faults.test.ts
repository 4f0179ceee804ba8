import { describe, expect, it } from 'vitest';
import { Ledger } from '../../../bench/faults/ledger.js';
import { findLost } from '../../../bench/faults/verify.js';
import { DiskFile, DiskFolder } from '../../../bench/power-loss/disk.js';

const nothing = { duplicates: [], orphans: [], corrupt: [], unreferenced: [], checkpoints: new Map<string, number>() };

function lost(ledger: Ledger, values: Record<string, string>): string[] {
  return findLost(ledger, { ...nothing, values: new Map(Object.entries(values)) });
}

describe('what was acknowledged', () => {
  it('is lost if it is not there, or has a value that nobody asked for since', () => {
    const ledger = new Ledger();
    ledger.acked('game 1');
    ledger.asked('promoted a', 'x');
    ledger.acked('promoted a', 'y');
    expect(lost(ledger, { 'game 1': 'moves', 'promoted a': 'y' })).toEqual([]);
    expect(lost(ledger, { 'promoted a': 'x' })).toEqual([
      'game 1 is not there',
      'promoted a is x; it was acknowledged as y',
    ]);
    // Whether a change was made that was not answered, nobody knows.
    ledger.asked('promoted a', 'z');
    expect(lost(ledger, { 'game 1': '', 'promoted a': 'z' })).toEqual([]);
    expect(lost(ledger, { 'game 1': '', 'promoted a': 'y' })).toEqual([]);
  });

  it('is known up to a moment', () => {
    const ledger = new Ledger();
    ledger.acked('game 1', 'a', 10);
    ledger.acked('game 2', 'b', 20);
    expect(lost(ledger.until(10), { 'game 1': 'a' })).toEqual([]);
    expect(ledger.times()).toEqual([10, 20]);
  });
});

describe('a disk that forgets', () => {
  const bytes = (text: string): Uint8Array => Buffer.from(text);
  const left = (file: DiskFile, keeps: boolean): string => file.content(() => keeps).toString();

  it('keeps what was written before the sync began, and of the rest any sectors', () => {
    const file = new DiskFile();
    file.change(1, { offset: 0, bytes: bytes('abc') });
    file.change(3, { offset: 3, bytes: bytes('def') });
    file.sync(2);
    expect(left(file, false)).toBe('abc');
    expect(left(file, true)).toBe('abcdef');
    file.change(4, { length: 1 });
    file.sync(5);
    expect(left(file, false)).toBe('a');
    file.change(6, { offset: 510, bytes: bytes('wxyz') });
    let sector = 0;
    expect(file.content(() => ++sector === 1)).toHaveLength(512);
  });

  it('keeps the names of a folder from its last sync', () => {
    const [folder, file] = [new DiskFolder(), new DiskFile()];
    const names = (kept: number): string[] => [...folder.content(() => kept).keys()];
    folder.change(1, [{ name: 'part', node: file }]);
    folder.change(2, [
      { name: 'part', node: undefined },
      { name: 'whole', node: file },
    ]);
    expect(folder.get('whole')).toBe(file);
    expect([names(0), names(1), names(2)]).toEqual([[], ['part'], ['whole']]);
    folder.sync(3);
    expect(names(0)).toEqual(['whole']);
  });
});
