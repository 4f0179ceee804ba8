import { describe, expect, it } from 'vitest';
import { bytesPerVisit, TreeMemory, type TreeHolder } from '../../../../src/server/search/tree-memory.js';

class Holder implements TreeHolder {
  readonly client: string;
  isIdle = true;
  forgotten = 0;

  constructor(client: string) {
    this.client = client;
  }

  forget(): void {
    this.forgotten++;
  }
}

describe('memory for search trees', () => {
  it('is granted as far as it goes, by client and in all', () => {
    const memory = new TreeMemory(10_000, 6000);
    const [a, b] = [new Holder('a'), new Holder('b')];
    a.isIdle = b.isIdle = false;
    expect(memory.grant(a, 1_000_000, 10)).toBe(600);
    expect(memory.grant(b, 1_000_000, 10)).toBe(400);
    expect(memory.used).toBe(10_000);
    expect(() => memory.grant(new Holder('c'), 200, 10)).toThrow(
      /^The memory for search trees is full: client 'c' uses 0 MiB/,
    );
    memory.keep(a, 1000);
    expect(memory.grant(new Holder('c'), 200, 10)).toBe(200);
    for (const holder of [a, b]) memory.keep(holder, 0);
    expect(memory.used).toBe(2000);
  });

  it('is taken from idle trees: of the same client first, and of others where all is short', () => {
    const memory = new TreeMemory(10_000, 6000);
    const [mine, busy, other] = [new Holder('a'), new Holder('a'), new Holder('b')];
    memory.grant(mine, 200, 10);
    memory.grant(busy, 200, 10);
    busy.isIdle = false;
    memory.grant(other, 300, 10);
    expect(memory.grant(new Holder('a'), 400, 10)).toBe(400);
    expect([mine.forgotten, busy.forgotten, other.forgotten]).toEqual([1, 0, 0]);
    expect(memory.grant(new Holder('c'), 400, 10)).toBe(400);
    expect([busy.forgotten, other.forgotten]).toEqual([0, 1]);
  });

  it('stays as it was where no more is to be had', () => {
    const memory = new TreeMemory(10_000, 10_000);
    const [holder, busy] = [new Holder('a'), new Holder('b')];
    memory.grant(holder, 100, 10);
    busy.isIdle = false;
    memory.grant(busy, 900, 10);
    expect(memory.grant(holder, 500, 10)).toBe(100);
    expect(memory.heldBy(holder)).toBe(1000);
    expect(() => memory.grant(holder, 500, 100)).toThrow(/is full/);
    expect(memory.heldBy(holder)).toBe(1000);
  });

  it('is counted with what a node and its edges take', () => {
    expect(bytesPerVisit(19, false)).toBeGreaterThan(14 * 362);
    expect(bytesPerVisit(9, true) - bytesPerVisit(9, false)).toBe(2 * 4 * 81);
  });
});
