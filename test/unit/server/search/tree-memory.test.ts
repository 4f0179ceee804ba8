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
  it('is granted up to half of what is free, by client and in all', () => {
    const memory = new TreeMemory(10_000, 6000);
    const [a, b] = [new Holder('a'), new Holder('b')];
    a.isIdle = b.isIdle = false;
    expect(memory.grant(a, 1_000_000, 10)).toBe(300);
    expect(memory.grant(b, 1_000_000, 10)).toBe(300);
    expect(memory.grant(new Holder('a'), 1_000_000, 10)).toBe(150);
    expect(memory.used).toBe(7500);
    expect(memory.grant(new Holder('c'), 120, 10)).toBe(120);
    for (const holder of [a, b]) memory.keep(holder, 0);
    expect(memory.used).toBe(2700);
  });

  it('suffices for many searches that ask for more than they will use', () => {
    const memory = new TreeMemory(1_000_000, 500_000);
    const holders = Array.from({ length: 8 }, () => new Holder('a'));
    for (const holder of holders) {
      holder.isIdle = false;
      expect(memory.grant(holder, 1_000_000, 10)).toBeGreaterThanOrEqual(100);
    }
    expect(memory.grant(new Holder('b'), 1_000_000, 10)).toBeGreaterThan(20_000);
  });

  it('is refused where hardly any is left', () => {
    const memory = new TreeMemory(10_000, 6000);
    const busy = Array.from({ length: 6 }, () => new Holder('a'));
    for (const holder of busy) {
      holder.isIdle = false;
      memory.grant(holder, 100, 10);
    }
    expect(() => memory.grant(new Holder('a'), 200, 10)).toThrow(
      /^The memory for search trees is full: client 'a' uses 0 MiB/,
    );
  });

  it('is taken from idle trees: of the same client first, and of others where all is short', () => {
    const memory = new TreeMemory(10_000, 8000);
    const [mine, busy, other] = [new Holder('a'), new Holder('a'), new Holder('b')];
    memory.grant(mine, 300, 10);
    memory.grant(busy, 200, 10);
    busy.isIdle = false;
    memory.grant(other, 200, 10);
    expect(memory.grant(new Holder('a'), 600, 10)).toBe(300);
    expect([mine.forgotten, busy.forgotten, other.forgotten]).toEqual([1, 0, 0]);
    expect(memory.grant(new Holder('c'), 400, 10)).toBe(250);
    expect([busy.forgotten, other.forgotten]).toEqual([0, 1]);
  });

  it('stays as it was where no more is to be had', () => {
    const memory = new TreeMemory(10_000, 10_000);
    const [holder, busy] = [new Holder('a'), new Holder('b')];
    memory.grant(holder, 100, 10);
    busy.isIdle = false;
    memory.grant(busy, 450, 10);
    const rest = new Holder('b');
    rest.isIdle = false;
    memory.grant(rest, 225, 10);
    memory.grant(new Holder('a'), 100, 10);
    expect(memory.grant(holder, 500, 10)).toBe(162);
    memory.keep(holder, 1000);
    expect(memory.heldBy(holder)).toBe(1000);
    expect(() => memory.grant(holder, 500, 100)).toThrow(/is full/);
    expect(memory.heldBy(holder)).toBe(1000);
  });

  it('is counted with what a node and its edges take', () => {
    expect(bytesPerVisit(19, false)).toBeGreaterThan(14 * 362);
    expect(bytesPerVisit(9, true) - bytesPerVisit(9, false)).toBe(2 * 4 * 81);
  });
});
